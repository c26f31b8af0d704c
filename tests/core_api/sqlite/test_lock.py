"""The write lock by itself: order, deadlines, and between processes."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core_api.sqlite.lock import WriteLock, write_lock

OTHER_PROCESS = """
import sys
from pathlib import Path
from core_api.sqlite.lock import write_lock
lock = write_lock(Path(sys.argv[1]))
for line in sys.stdin:
    if line == "acquire\\n":
        print(lock.acquire(30), flush=True)
    else:
        lock.release()
        print("released", flush=True)
"""


class Other:
    """Another process with the same lock."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", OTHER_PROCESS, str(path)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def tell(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        return self.process.stdout.readline().strip()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db.sqlite3"


@pytest.fixture
def lock(path: Path) -> WriteLock:
    return write_lock(path)


@pytest.fixture
def other(path: Path) -> Iterator[Other]:
    other = Other(path)
    yield other
    other.process.kill()
    other.process.communicate()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_one_lock_for_one_file(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite3"
    link.symlink_to(path)
    assert write_lock(link) is write_lock(path)
    assert write_lock(tmp_path / "other.sqlite3") is not write_lock(path)


def test_threads_get_it_in_the_order_of_arrival(lock: WriteLock) -> None:
    order: list[int] = []

    def wait(number: int) -> None:
        assert lock.acquire(30)
        order.append(number)
        lock.release()

    assert lock.acquire(0)
    with ThreadPoolExecutor(8) as pool:
        for number in range(8):
            pool.submit(wait, number)
            wait_until(lambda expected=number + 1: len(lock._queue) == expected)
        lock.release()
    assert order == list(range(8))


def test_who_gives_up_leaves_the_queue(lock: WriteLock) -> None:
    assert lock.acquire(0)
    with ThreadPoolExecutor(2) as pool:
        given_up = pool.submit(lock.acquire, 0.01)
        patient = pool.submit(lock.acquire, 30)
        assert given_up.result() is False
        lock.release()
        assert patient.result() is True
    lock.release()
    assert lock.acquire(0)
    lock.release()


def test_many_who_give_up_at_the_moment_of_the_release(lock: WriteLock) -> None:
    got: list[bool] = []

    def try_often() -> None:
        for _ in range(200):
            if lock.acquire(0.0002):
                got.append(True)
                time.sleep(0.0002)
                lock.release()

    threads = [threading.Thread(target=try_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got
    assert lock.acquire(0)
    lock.release()


def test_a_deadline_between_processes(lock: WriteLock, other: Other) -> None:
    other.tell("acquire")
    assert other.answer() == "True"
    assert lock.acquire(0.01) is False
    other.tell("release")
    assert other.answer() == "released"
    assert lock.acquire(0) is True
    lock.release()


def test_who_released_cannot_overtake_the_process_that_waits(
    lock: WriteLock, other: Other, path: Path
) -> None:
    assert lock.acquire(30)
    other.tell("acquire")
    wait_until(lambda: is_locked(path.with_name("db.sqlite3.lock-next")))
    lock.release()
    assert lock.acquire(0) is False
    assert other.answer() == "True"


def is_locked(path: Path) -> bool:
    """Whether the kernel lists a flock on the file (proc_locks(5))."""
    inode = path.stat().st_ino if path.exists() else 0
    lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return any(line.split()[5].endswith(f":{inode}") for line in lines)


def test_a_process_hands_over_when_its_slice_is_over(lock: WriteLock, other: Other) -> None:
    stop = threading.Event()

    def write_on_and_on() -> None:
        while not stop.is_set():
            assert lock.acquire(30)
            time.sleep(0.001)
            lock.release()

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(write_on_and_on)
        other.tell("acquire")
        assert other.answer() == "True"
        stop.set()
        other.tell("release")


def test_the_death_of_the_holder_frees_it(lock: WriteLock, other: Other) -> None:
    other.tell("acquire")
    assert other.answer() == "True"
    assert lock.acquire(0.01) is False
    other.process.kill()
    assert lock.acquire(30)
    lock.release()


def test_the_files_are_not_inherited_by_programs(lock: WriteLock, path: Path) -> None:
    assert lock.acquire(0)
    with subprocess.Popen(["sleep", "30"], close_fds=False) as child:
        opened = [str(link.readlink()) for link in Path(f"/proc/{child.pid}/fd").iterdir()]
        child.kill()
    lock.release()
    assert not [name for name in opened if name.startswith(str(path))]

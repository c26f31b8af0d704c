"""Cycles in a graph."""

from collections.abc import Iterable, Iterator, Mapping


def cycles(needs: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """One cycle for each group of nodes that need each other: ["a", "b"] where a needs b needs a.

    Without recursion, so that a long chain is as welcome as a short one.
    """
    done: set[str] = set()
    for root in needs:
        path: list[str] = []
        on_path: set[str] = set()
        waiting = [(root, False)]
        while waiting:
            node, leaving = waiting.pop()
            if leaving:
                done.add(node)
                on_path.discard(path.pop())
            elif node in on_path:
                yield path[path.index(node) :]
            elif node not in done:
                path.append(node)
                on_path.add(node)
                waiting.append((node, True))
                waiting.extend((each, False) for each in needs[node] if each in needs)

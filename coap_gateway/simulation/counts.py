"""What a simulation has done so far, in numbers and in words."""

from collections import Counter
from dataclasses import dataclass, field

MOST_REASONS = 5


@dataclass(slots=True)
class Counts:
    """Pictures that were begun, that the server says it stored, and that were given up.

    `repeated` counts the datagrams with a block that were sent again, `reasons` the failures.
    """

    sent: int = 0
    stored: int = 0
    repeated: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """Pictures that were given up."""
        return self.reasons.total()

    def repeat(self) -> None:
        """A datagram was sent again."""
        self.repeated += 1

    def line(self, elapsed: float, images_per_second: float) -> str:
        """One line for now; `elapsed` in seconds."""
        return (
            f"{elapsed:4.0f} s  sent {self.sent}  stored {self.stored}  "
            f"repeated blocks {self.repeated}  failed {self.failed}  "
            f"{images_per_second:.1f} images/s"
        )

    def summary(self, elapsed: float) -> list[str]:
        """Lines for the end; `elapsed` in seconds."""
        unfinished = self.sent - self.stored - self.failed
        rate = self.stored / elapsed if elapsed else 0.0
        total = (
            f"{self.stored} of {self.sent} pictures stored in {elapsed:.1f} s "
            f"({rate:.1f} images/s), {self.failed} failed, {unfinished} unfinished; "
            f"{self.repeated} blocks were sent again."
        )
        reasons = self.reasons.most_common(MOST_REASONS)
        return [total, *(f"{number} failed: {reason}" for reason, number in reasons)]

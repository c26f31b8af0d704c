"""What a call into the sandbox raises, besides the errors that its function declares.

Crashed          the function did not come to an end of its own
└── Exhausted    it wanted more time or memory than it may have
"""


class Crashed(RuntimeError):
    """The function did not come to an end of its own; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Exhausted(Crashed):
    """The function wanted more time or memory than it may have."""

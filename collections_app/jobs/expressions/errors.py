"""What is wrong with an expression, and where."""


class ExpressionError(ValueError):
    """An expression that cannot be read or computed.

    `detail` is a sentence; `column` counts characters from 1, None where no place is at fault.
    """

    def __init__(self, detail: str, column: int | None = None) -> None:
        place = "" if column is None else f" (column {column})"
        super().__init__(f"{detail.rstrip('.')}{place}.")
        self.detail = str(self)
        self.column = column

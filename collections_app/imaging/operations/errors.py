"""What a chain of operations raises, each in one sentence.

OperationError   an operation is not known, or its parameters are not good for this picture
Undecodable      the bytes look like an image and cannot be decoded
"""


class OperationError(ValueError):
    """An operation is not known, or its parameters are wrong, in themselves or for the picture."""


class Undecodable(ValueError):
    """The bytes cannot be decoded."""

"""What goes wrong in compression."""


class Unsuitable(Exception):
    """An image that a method of compression does not take; the message says why."""


class NotRestorable(ValueError):
    """Bytes that compress() did not make, or were changed since."""

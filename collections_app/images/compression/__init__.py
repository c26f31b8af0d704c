"""Storing images in less space after they were received, in the background."""

"""Variants: an image in another size or format, turned, cut or blurred, drawn when asked for."""

"""The image collection: /collections/images."""

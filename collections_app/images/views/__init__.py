"""The image collection's resources."""

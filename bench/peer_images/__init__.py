"""What the compression of images is compared with."""

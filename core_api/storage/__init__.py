"""Where the bytes of images lie: content-addressed blobs over a Django Storage."""

"""The formats that pictures are written in."""

# By the names that clients use; the quality is what is not visibly worse, 0 where all is kept.
FORMATS = {"jpeg": 82, "png": 0, "webp": 80, "avif": 60, "gif": 0, "tiff": 0, "jxl": 85}
MEDIA_TYPES = {name: f"image/{name}" for name in FORMATS}

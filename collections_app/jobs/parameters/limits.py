"""How large a value may be, whatever a parameter itself allows."""

MAX_CHARACTERS = 1_000_000
MAX_ITEMS = 100_000
MAX_DEPTH = 32
MAX_FEATURES = 10_000
MAX_POSITIONS = 100_000
# Of base64 in a request: its body is bounded too.
MAX_VALUE_BYTES = 32 * 2**20
# Cells of an array that is written into the body; a larger one becomes a file.
MAX_INLINE_CELLS = 10_000
# Of an array, a raster or a dataset once it is read, before any of it is.
MAX_ARRAY_BYTES = 2**30
MAX_DIMENSIONS = 8

"""Rasters: arrays that know where on the earth, and when, their cells lie.

Importing this imports numpy; rasterio and xarray are imported by what reads and writes files.
"""

from collections_app.jobs.raster.array import Raster
from collections_app.jobs.raster.grid import Axis, Extent, Grid, GridMismatch

__all__ = ["Axis", "Extent", "Grid", "GridMismatch", "Raster"]

"""Work on image files: paths in, paths out. The functions block; `Imaging` runs them beside the event loop.

Pixels are never composed where it can be helped: a tile is encoded once, as its picture arrives, and the grid is spliced from the
coded bytes.
"""

from bot.imaging.compose import cut, encode_tile, fit, grid, normalise, paste, preview
from bot.imaging.frames import Direction, Limits, canvas, frame_for_pan, frame_for_zoom, load_mask, region_mask
from bot.imaging.info import MAX_PIXELS, ImageInfo, Size, sniff
from bot.imaging.jpeg import CannotSplice, layout, splice
from bot.imaging.metadata import annotate, parameters_text, read_info
from bot.imaging.pool import Imaging, full_disk

__all__ = [
    "MAX_PIXELS",
    "CannotSplice",
    "Direction",
    "ImageInfo",
    "Imaging",
    "Limits",
    "Size",
    "annotate",
    "canvas",
    "cut",
    "encode_tile",
    "fit",
    "frame_for_pan",
    "frame_for_zoom",
    "full_disk",
    "grid",
    "layout",
    "load_mask",
    "normalise",
    "parameters_text",
    "paste",
    "preview",
    "read_info",
    "region_mask",
    "sniff",
    "splice",
]

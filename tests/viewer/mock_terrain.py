"""Terrain that is as high everywhere, in the oldest and plainest format that CesiumJS reads (heightmap-1.0)."""

import json

import numpy as np

SIDE = 65
AVAILABLE = [[{"startX": 0, "startY": 0, "endX": 1, "endY": 0}]]


def terrain(path: str, height_m: float | None) -> tuple[str, bytes]:
    """Media type and bytes of `layer.json` or of a tile; None: there is no terrain."""
    if path.endswith("layer.json"):
        layer = {"tilejson": "2.1.0", "format": "heightmap-1.0", "version": "1.0.0", "scheme": "tms"}
        tiles = {"tiles": [] if height_m is None else ["{z}/{x}/{y}.terrain"], "available": AVAILABLE}
        return "application/json", json.dumps(layer | tiles).encode()
    heights = np.full(SIDE * SIDE, round(((height_m or 0.0) + 1000) * 5), dtype="<u2")
    return "application/octet-stream", heights.tobytes() + bytes(2)

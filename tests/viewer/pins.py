"""Where the pin of an object is seen on a page, and the colour that it has there."""

import io
import time
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tests.viewer.conftest import Watched

REACH_PX, ALIKE = 3, 12
"""Pixels around the middle in which the colour is looked for, and how far off it may be in its worst channel."""

Colour = tuple[int, ...]


def pin_position(watched: Watched, bounds: Sequence[float]) -> tuple[float, float]:
    """Where the middle of a box (west, south, low, east, north, high) is seen, in CSS pixels of the page."""
    west, south, low, east, north, high = bounds
    return watched.screen_position((west + east) / 2, (south + north) / 2, (low + high) / 2)


def off_by(watched: Watched, bounds: Sequence[float], colour: Colour) -> int:
    """How far the pixel of an object's pin that comes nearest to a colour is off, in its worst channel."""
    watched.idle()
    x, y = (round(part) for part in pin_position(watched, bounds))
    image = np.asarray(Image.open(io.BytesIO(watched.page.screenshot())).convert("RGB"), np.int64)
    around = image[y - REACH_PX : y + REACH_PX + 1, x - REACH_PX : x + REACH_PX + 1]
    return int(np.abs(around - colour).max(axis=2).min())


def expect_colour(watched: Watched, bounds: Sequence[float], colour: Colour, within_s: float = 20.0) -> None:
    """Within a few seconds the pin has that colour."""
    until = time.monotonic() + within_s
    while (off := off_by(watched, bounds, colour)) > ALIKE:
        assert time.monotonic() < until, f"off by {off}"
        time.sleep(0.3)

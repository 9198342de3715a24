"""How often a server's garbage collector looks around."""

import gc

YOUNG = 50_000
"""Objects made, less those gone, at which the collector looks through the young ones. Python's 700 are less than what one request makes:
rows and readings hold no cycles and go by themselves, and looking for some took a quarter of the time of the ingest (measured: 6.4 µs a
reading, 4.4 so), and a quarter of a second now and then of a server that knows a million signals."""

MIDDLE, OLD = 20, 100
"""Looks at the younger generation for one at the next; Python's are 10 and 10."""


def collect_rarely() -> None:
    """For this process from now on."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)

"""From commands to the documents of the API."""

import msgspec

from api.representations import Document
from twin.controls import USUAL
from twin.state import Signal


def control(signal: Signal) -> Document | None:
    """How a settable signal is commanded; None: it is not."""
    if not signal.settable:
        return None
    declared = signal.control or USUAL
    return {**msgspec.structs.asdict(declared), "interlocks": list(map(str, declared.interlocks))}

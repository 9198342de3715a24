"""Commands on their way to devices: where they go, how they are written, and the loop that sends them and watches the clock."""

from state_sync.control.addresses import Addresses
from state_sync.control.loop import Control, ControlCounts
from state_sync.control.writing import publication

__all__ = ["Addresses", "Control", "ControlCounts", "publication"]

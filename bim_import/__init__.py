"""Readers that turn building models and city layers into `twin.source` batches.

The readers themselves (`bim_import.ifc.importer`) are not loaded from here: they bring the kernels along, which a command
that only lists models does not need.
"""

from bim_import.placement.diagnosis import moved
from bim_import.placement.override import PlacementOverrides
from bim_import.values import ImportOptions, ImportResult, Progress

__all__ = ["ImportOptions", "ImportResult", "PlacementOverrides", "Progress", "moved"]

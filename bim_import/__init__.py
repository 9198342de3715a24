"""Readers that turn building models and city layers into `twin.source` batches."""

from bim_import.ifc.importer import ImportOptions, ImportResult, Progress, import_ifc
from bim_import.placement.diagnosis import moved
from bim_import.placement.override import PlacementOverrides

__all__ = ["ImportOptions", "ImportResult", "PlacementOverrides", "Progress", "import_ifc", "moved"]

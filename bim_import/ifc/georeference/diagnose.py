"""The placement of an IFC file: what it says, then the decision."""

import ifcopenshell
import numpy as np
from numpy.typing import NDArray

from bim_import.ifc.georeference.read import gather
from bim_import.placement.diagnosis import decide
from bim_import.placement.override import PlacementOverrides
from twin.frames import Diagnosis


def diagnose(
    file: ifcopenshell.file, *, overrides: PlacementOverrides, bounds: NDArray[np.float64] | None
) -> Diagnosis:
    """Find all that says where a file is, and decide. Arguments and errors are those of `decide`."""
    return decide(gather(file), overrides=overrides, bounds=bounds)

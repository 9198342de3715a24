"""Moving a model: a new placement, tileset documents written anew, contents untouched."""

from pathlib import Path

import numpy as np

from bim_import import PlacementOverrides, moved
from tiles import replace_frame
from twin.errors import Conflict
from twin.frames import Frame
from twin.frames.bounds import geographic_bounds
from twin.ports import Store, TilesetFiles


def place(store: Store, folder: Path, key: str, overrides: PlacementOverrides) -> None:
    """Move model `key`, whose tiles lie in `folder`. Raises NotFound, Conflict, PlacementError."""
    record = store.model(key)
    if record.tileset is None:
        raise Conflict(
            f"model {key!r} has nothing drawn that could be moved. Import it with --crs or --origin instead."
        )
    local = store.local_bounds(key)
    drawn = local[~np.isnan(local).any(axis=1)]
    extent = np.stack([drawn[:, :3].min(axis=0), drawn[:, 3:].max(axis=0)]) if len(drawn) else None
    diagnosis = moved(record.diagnosis, overrides=overrides, bounds=extent)
    frame = Frame(diagnosis.placement)
    built = replace_frame(folder, record.tileset, frame)
    files = TilesetFiles(tileset=built.tileset, files=tuple(built.files))
    store.place(key, tiles=files, diagnosis=diagnosis, geographic=geographic_bounds(frame, local))

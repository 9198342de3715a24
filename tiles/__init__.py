"""From source batches to published 3D Tiles 1.1; knows no source format."""

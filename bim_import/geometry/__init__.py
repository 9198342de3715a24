"""Polygons and triangles of every format on their way to meshes in the spool."""

"""Files of meshes as trimesh reads them: their nodes and what these look like."""

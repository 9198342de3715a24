"""Meshes: glTF and GLB, OBJ, PLY, STL, read by trimesh and placed at a point."""

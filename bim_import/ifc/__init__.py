"""IFC files (2x3, 4, 4.3): read, described, placed, drawn."""

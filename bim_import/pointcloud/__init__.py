"""Point clouds: LAS and LAZ, 1.0 to 1.4."""

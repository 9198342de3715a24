"""Where an IFC file says it stands, as evidence for `bim_import.placement`."""

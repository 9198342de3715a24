"""From bytes to an opened file: schemas, archives, damage, and text that ifcopenshell does not read."""

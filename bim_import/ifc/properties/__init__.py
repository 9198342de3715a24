"""What an IFC file says of its products: attributes, property sets, quantities, materials, groups, the spatial tree."""

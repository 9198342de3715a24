"""Map layers around the three buildings: streets, buildings, trees, lamp poles, drains and mains, as GeoJSON; the terrain."""

"""City layers (GeoJSON, GeoPackage, Shapefile, FlatGeobuf, GeoParquet, CSV) → a spool, as rules say."""

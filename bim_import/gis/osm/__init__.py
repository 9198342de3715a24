"""OpenStreetMap extracts (`.osm.pbf`, `.osm`, `.osm.bz2`) as map layers."""

from bim_import.gis.osm.layers import osm_layers

__all__ = ["osm_layers"]

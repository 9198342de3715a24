"""CityJSON 1.0 to 2.0 and CityJSON text sequences."""

"""Tests of the house: layout, packaging and scripts."""

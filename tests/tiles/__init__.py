"""Tests of the tiler."""

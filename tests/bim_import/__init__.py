"""Tests of bim_import."""

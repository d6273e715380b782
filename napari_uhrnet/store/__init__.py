"""Zarr stores of what was computed."""

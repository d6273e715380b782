"""Rectangles, grids, blending, class tables: plain arithmetic on numpy arrays."""

"""The napari side: panels, overlays, readers, sample data."""

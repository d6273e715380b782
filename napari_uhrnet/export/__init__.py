"""Labels to files."""

"""Scene and model in, stored labels out."""

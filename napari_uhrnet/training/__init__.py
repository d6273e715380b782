"""From masks to a checkpoint."""

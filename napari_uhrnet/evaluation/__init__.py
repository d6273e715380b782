"""Scores of a model on scenes with a truth."""

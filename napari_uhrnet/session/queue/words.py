"""Sentences about the review queue, for its panel."""

from __future__ import annotations

UNCERTAINTY = "Uncertainty"
"""Title of the criterion that every network with probabilities has."""
RANKING = "Ranking…"
EMPTY = "The queue is empty: everything segmented is reviewed."

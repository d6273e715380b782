"""Sentences about the review queue, for its panel."""

from __future__ import annotations

UNCERTAINTY = "Uncertainty"
"""Title of the criterion that every network with probabilities has."""
RANKING = "Ranking…"
EMPTY = "The queue is empty: everything segmented is reviewed."
CANCELLED = "Cancelled."


def internal_error(error: BaseException) -> str:
    """After an error that should not have happened."""
    return f"Stopped by an internal error: {type(error).__name__}: {error}"

"""Every text of the queue room, so that its wording is reviewed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.widgets.correct.words import pixels

if TYPE_CHECKING:
    from napari_uhrnet.session.queue.queue import Part

# Ranking.
TITLE = "Review queue"
RANK_BY, PARTS = "Rank by", "Parts"
SIDES = {"Patches": "patch", "Frames": "frame"}
BRANCHES_DISAGREE = "Local and global differ"
RANK, CANCEL = "Rank", "Cancel"
RANK_TIP = "Rank all parts of the image that are not reviewed"
CANCEL_TIP = "Cancel the ranking; the queue stays as it was"
HINT = "Rank the parts of the image, and review them from the most uncertain one on."
NO_PREDICTION = "Segment the image first."
SKIPPED = "(skipped)"


def differs_from(model: str) -> str:
    """Title of the criterion that compares with another network."""
    return f"Differs from {model}"


def listed(number: int, part: Part, *, skipped: bool) -> str:
    """A line of the list: number, score in 0..1 and upper left corner in pixels."""
    line = f"{number}.  {part.score:.3f}   y {part.window.y}, x {part.window.x}"
    return f"{line}  {SKIPPED}" if skipped else line


def more(count: int) -> str:
    """Below the list, which is cut off."""
    return f"and {count} more"


# Going through the queue.
PREVIOUS, NEXT, SKIP = "Previous", "Next", "Skip"
MARK_REVIEWED = "Mark reviewed, next"
CORRECT_FIRST = "Press Correct first"


def previous_tip(key: str) -> str:
    """Of the previous button."""
    return f"Go to the previous part ({key})"


def next_tip(key: str) -> str:
    """Of the next button."""
    return f"Go to the next part ({key})"


def skip_tip(key: str) -> str:
    """Of the skip button."""
    return f"Move this part to the end of the queue ({key})"


def reviewed_tip(key: str, *, correcting: bool) -> str:
    """Of the button that marks a part reviewed."""
    tip = f"The labels in this part are correct: freeze them, and go to the next part ({key})"
    return tip if correcting else f"{CORRECT_FIRST}. {tip}"


def layer_name(number: int) -> str:
    """Of the layer that outlines the present part; the first part is 1."""
    return f"Part {number} of the queue"


# What is reviewed.
REVIEWED = "Reviewed"
COUNTS_TIP = "Reviewed pixels of each class"


def reviewed_share(share: float) -> str:
    """On the bar; ``share`` in 0..1."""
    return f"{100 * share:.1f} % of the image"


def class_count(name: str, count: int) -> str:
    """A line of the list of classes: how many pixels are reviewed."""
    return f"{name}:  {pixels(count)}"

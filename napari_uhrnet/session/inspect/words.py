"""Every sentence that inspecting shows in a panel, so that its wording is reviewed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# What every view of this room shows.
OPEN_IMAGE = "Open an image first: File > Open, or drop one on the window."
CHOOSE_MODEL = "Choose a model first."
NOT_IN_VIEW = "The view shows nothing of the image: move it over the image."


# Points and pins.
def pin_name(number: int) -> str:
    """Of a new pin."""
    return f"Pin {number}"


def prediction(
    class_name: str, confidence: float, decided_by: str, margin: float, entropy: float
) -> str:
    """The final one: "fused: forest 0.83 · decided by local · margin 0.61 · entropy 0.40"."""
    parts = [f"fused: {class_name} {confidence:.2f}"]
    if decided_by:
        parts.append(f"decided by {decided_by}")
    return " · ".join([*parts, f"margin {margin:.2f}", f"entropy {entropy:.2f}"])


# Features.
COMPUTING_FEATURES = "Computing the features…"


def loading(model: str) -> str:
    """A network is being read."""
    return f"Loading {model}…"


def features(explained: Sequence[float], frame: tuple[int, int] | None, lacks: str) -> str:
    """What the colours mean.

    Parameters
    ----------
    explained
        Shares of the variance in 0..1 of the components shown as red, green and blue.
    frame
        Its row and column, counted from 1; None in a scene of one frame.
    lacks
        The branch that the network does not have, empty if it has both.
    """
    where = "" if frame is None else f"Frame in row {frame[0]}, column {frame[1]}. "
    red, green, blue = (round(100 * share) for share in explained)
    missing = f" This network has no {lacks} branch." if lacks else ""
    return (
        f"{where}The first three principal components explain {round(100 * sum(explained))} % of "
        f"the variance: red {red} %, green {green} %, blue {blue} %.{missing}"
    )


# Neighbour influence.
PREPARING = "Preparing…"
COMPUTING_PATCHES = "Computing patches…"
NOTHING_SEGMENTED = "Nothing is segmented here."
NOTHING_CHANGED = "The neighbours' features change the class of no pixel here."


def changed(share: float, pairs: Sequence[tuple[float, str, str]]) -> str:
    """How many pixels change class, and the largest parts of them: share, class from, class to."""
    parts = [f"{100 * part:.2g} % from {a} to {b}" for part, a, b in pairs]
    whole = f"The neighbours' features change the class of {100 * share:.2g} % of the pixels"
    return f"{whole}: {', '.join(parts)}."


def influence(neighbours: int, moved: float, changed: float) -> str:
    """What leaving out all neighbours of a patch does to its probabilities and classes."""
    return (
        f"Without its {neighbours} neighbours the probabilities of this patch change by "
        f"{moved:.1%} and {changed:.1%} of its pixels change class. Each number is the change of "
        "the probabilities without that neighbour."
    ).replace("%", " %")

"""Every text of the main dock, reader, sample and demo; each room has a file of its own."""

from __future__ import annotations

from typing import NamedTuple

MAIN_DOCK = "UHRNet"


class ToolWords(NamedTuple):
    """Of a dock that a button opens. Titles of docks are short: they share a row of tabs."""

    button: str
    tip: str
    dock: str


# Docks that the buttons of the inspect panel open.
COMPARE = ToolWords("Compare…", "Count where two results differ, and step through it", "Compare")
READ_OUT = ToolWords("Read-out…", "Class probabilities of each branch at the cursor", "Read-out")
FEATURES = ToolWords(
    "Features…", "Features of each branch in the visible frame, as colours", "Features"
)
NEIGHBOURS = ToolWords(
    "Neighbours…", "Influence of the neighbouring patches on the prediction", "Neighbours"
)

# Docks that the buttons of the correct panel open.
QUEUE = ToolWords("Queue…", "Step through the scene, the most uncertain parts first", "Queue")
EXPORT = ToolWords("Export…", "Write reviewed regions as training data or as maps", "Export")
IMPORT = ToolWords("Import…", "Load a mask, polygons or an earlier export as corrections", "Import")
CLASSES = ToolWords(
    "Classes…", "Rename, recolour, add, merge and remove the classes of the project", "Classes"
)
FINE_TUNE = ToolWords(
    "Fine-tune…", "Continue training the network on reviewed regions", "Fine-tune"
)

# The sample data.
GROUND_TRUTH_LAYER = "ground truth"


# The reader.
def preparing(name: str) -> str:
    """In napari's activity dock, while the smaller levels of a file are built."""
    return f"Preparing {name}"


# The demo.
def accuracy(share: float, pixels: int) -> str:
    """The result of the run against the ground truth."""
    return f"pixel accuracy {share:.1%} on the {pixels:,} pixels with ground truth"


def failed(reason: object) -> str:
    """The demo did not end."""
    return f"demo failed: {reason}"

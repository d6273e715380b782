"""Every text of the inspect room, so that its wording is reviewed at once."""

from __future__ import annotations

from napari_uhrnet.session.inspect import words as session
from napari_uhrnet.widgets.segment import words as segment

# The inspect panel: two branches.
TITLE = "Inspect"
BRANCHES = {"fused": "Fused", "global": "Global", "local": "Local"}
"""Short names: two of them share a row."""
PAIR = "A and B"
PAIR_TIP = (
    "Swipe shows A on the left and B on the right. Hold the key B to blink from one to the other"
)
SIDE_BY_SIDE = "Side by side"
SIDE_BY_SIDE_TIP = (
    "Show the image, each branch and other labels of the scene in cells that move together;\n"
    "click again to return to the usual view"
)
SWIPE = "Swipe"
SWIPE_TIP = "Show A on the left and B on the right of a line that you drag across the image"

# The inspect panel: uncertainty.
CONFIDENCE = "Confidence"
CONFIDENCE_TIP = "Probability of the predicted class: dark = uncertain, yellow = certain"
MARGIN = "Margin"
MARGIN_TIP = (
    "Probability of the predicted class minus that of the second most likely:\n"
    "dark = uncertain, yellow = certain"
)
ENTROPY = "Entropy"
ENTROPY_TIP = "Spread of the probabilities over all classes: dark = certain, yellow = uncertain"
DISAGREE = "Disagree"
DISAGREE_TIP = "Pink where the global and the local branch predict different classes"
AGREEMENT = ("agree", "differ")
"""In the status bar of the viewer, below the cursor."""
SEGMENT_FIRST = "Segment first"
NOT_AVAILABLE = "Not available for this network"


def disabled(tip: str, reason: str) -> str:
    """Of a box that cannot be checked now."""
    return f"{tip}\n({reason})"


def uncertainty_layer(title: str) -> str:
    """One of confidence, margin, entropy, disagree."""
    return f"UHRNet {title.lower()}"


def swipe_layer(a: str, b: str) -> str:
    """Two predictions on one canvas."""
    return f"UHRNet {a} | {b}"


# The read-out.
AT_CURSOR = "At the cursor"
COMPARE_TO, COMPARE_TO_TIP = "Compare to", "Another network, for the same pixels"
NO_OTHER = "None"
CHOOSE_FILE = segment.LOAD
FILE_DIALOG, FILES = "Load another network", segment.CHECKPOINT_FILES
FOLLOW = "Follow the cursor"
FOLLOW_TIP = "Show the pixel at the cursor; otherwise the last one stays"
MOVE_CURSOR = "Move the cursor over the scene."
OUTSIDE = "The cursor is outside the scene."
NO_SCENE = session.OPEN_IMAGE
NO_DATA = "The scene has no data here."
COMPUTING = "Computing…"


def place(name: str, y: int, x: int, *, busy: bool) -> str:
    """The pixel that is shown, with its name if it is a pin."""
    return f"{name}{': ' if name else ''}y {y}, x {x}{'  …' if busy else ''}"


# Pins.
PINS = "Pins"
PIN_COLUMNS = ("Name", "y", "x", "Class")
PIN_KEY = "K"
PIN, PIN_TIP = "Pin", f"Keep the pixel at the cursor ({PIN_KEY}, or Shift and click)"
NO_PINS = f"{PIN_TIP}."
GO_TO, GO_TO_TIP = "Go to", "Move the view to the selected pin"
DELETE, DELETE_TIP = "Delete", "Delete the selected pin"
SAVE, SAVE_TIP = "Save CSV…", "Save all pins with all probabilities, a row for each branch"
SAVE_DIALOG, SAVE_NAME, SAVE_FILES = "Save the pins", "pins.csv", "CSV (*.csv)"
CLASS_PENDING, CLASS_FAILED, CLASS_NO_DATA = "…", "?", "no data"
PINS_LAYER = "UHRNet pins"


def saved(name: str) -> str:
    """The pins were written."""
    return f"Saved {name}."


def not_saved(path: str, reason: str | None) -> str:
    """The pins could not be written."""
    return f"{path}: cannot be written ({reason}): choose another place."


# Features.
FEATURES = "Features of a frame"
SHOW_FEATURES = "Show features of this frame"
SHOW_FEATURES_TIP = "Of the frame in the middle of the view"
FEATURES_HINT = (
    "Shows the features of both branches in the middle of the view as colours: similar colours "
    "are similar features, in both pictures."
)
FEATURE_TIPS = {
    "local": "Show this layer; it covers the patches that lie wholly inside the frame.\n"
    "Side by side gives it a cell of its own",
    "global": "Show this layer; it covers the frame.\nSide by side gives it a cell of its own",
}
FEATURE_BRANCHES = {name: segment.BRANCHES[name] for name in ("local", "global")}


def features_layer(branch: str) -> str:
    """The features of a branch."""
    return f"features: {branch}"


# Neighbours.
NEIGHBOURS = "Neighbour influence"
BRANCH, BRANCH_TIP = "Branch", "Branch whose classes and numbers are shown"
NEIGHBOUR_BRANCHES = {name: segment.BRANCHES[name] for name in ("fused", "local")}
PICK = "Pick a patch"
PICK_HINT = "Click a patch to see how much each of its neighbours changes its prediction."
NEIGHBOURS_HINT = (
    "Each patch uses features of its eight neighbours. Segments the view again without them and "
    "shows where the class changes."
)
SHOW_CHANGED, SHOW_CHANGED_TIP = "Show changed pixels", NEIGHBOURS_HINT
NO_IMAGE_HERE = "There is no image here: click a patch of the image."
WITHOUT_LAYER = "without neighbours"
CHANGED_LAYER = "changed by neighbours"
PATCH_LAYER = "UHRNet patch and neighbours"

# Both.
CANCEL, CANCEL_TIP = "Cancel", "Stop after the current batch"

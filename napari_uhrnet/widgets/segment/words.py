"""Every text of the segment room, so that its wording is reviewed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Branches of a network, wherever one is chosen or shown.
BRANCHES = {"fused": "Fused", "global": "Global branch", "local": "Local branch"}

# The scene panel.
SCENE = "Scene"
IMAGE, IMAGE_TIP = "Image", "The image layer to segment"
NO_IMAGE = "No image open"
SIZE = "Size"
PIXEL_SIZE = "Pixel size"
PIXEL_SIZE_TIP = (
    "Ground size of an image pixel in metres. The network gets the image scaled to the pixel\n"
    "size it was trained at, so a wrong value gives wrong classes.\n"
    "Empty: the value in the file, else the one the checkpoint was trained at"
)
METRES_PER_PIXEL = "metres per pixel"
FROM_FILE = "From the file, in m/px"
ENTERED = "Entered, in m/px"
NOTES_TIP = "What was guessed or left out when the file was opened"


def assumed(metres: float) -> str:
    """In the empty field of the pixel size."""
    return f"{metres:.3g} (assumed)"


def assumed_hint(metres: float) -> str:
    """Below the field: neither the file nor the person gave a pixel size."""
    return f"Assumed {metres:.3g} m/px, as the checkpoint was trained; enter the true size if known"


def entered_hint(own: float) -> str:
    """Below the field: another pixel size than that of the file was entered."""
    return f"Entered; the file has {own:.4g} m/px"


def no_number(text: str) -> str:
    """What was entered as pixel size is none."""
    return f"“{text}” is not a number: enter metres per pixel, e.g. 0.5"


# The model panel.
MODEL = "Model"
NETWORK, NETWORK_TIP = "Network", "The network that segments"
DEVICE, DEVICE_TIP = "Device", "Where to compute; auto takes a GPU if there is one"
LOAD = "Load checkpoint…"
LOAD_TIP = (
    "Load a network from a .safetensors file with its .json card beside it, or the published\n"
    "GLNet from the folder of its .pth files"
)
LOAD_DIALOG = "Load a checkpoint"
CHECKPOINT_FILES = "Checkpoints (*.safetensors *.pth)"
ABOUT, ABOUT_TIP = "About…", "The model card: training data, terms of use, scores"


def no_weights(name: str) -> str:
    """A network in the list of which there is no checkpoint."""
    return f"{name} (no weights)"


def card_lines(
    title: str,
    classes: str,
    pixel_size_m: float,
    terms: str,
    training: Mapping[str, object],
    scores: Mapping[str, object],
) -> str:
    """A model card to be read."""

    def facts(heading: str, values: Mapping[str, object]) -> list[str]:
        return [heading, *(f"    {k}: {v}" for k, v in values.items())] if values else []

    lines = [title, f"Classes: {classes}", f"Pixel size: {pixel_size_m:.4g} m", f"Terms: {terms}"]
    return "\n".join([*lines, *facts("Training", training), *facts("Scores", scores)])


# The run panel.
RUN = "Segment"
REGION, REGION_TIP = "Region", "The part of the scene to segment"
REGIONS = {
    "visible": ("Visible region", "What is on screen, then the patches around it"),
    "scene": ("Whole scene", "The whole image, from its centre outwards"),
    "rectangle": ("Rectangle", "A rectangle that you draw on the image"),
}
"""Title and tooltip of each."""
FOLLOW, FOLLOW_TIP = "Follow the view", "When the view moves, segment what is on screen then"
SEGMENT = "Segment"
SEGMENT_TIP = "Segment the region; each part is shown as soon as it is finished"
CANCEL, CANCEL_TIP = "Cancel", "Stop after the current batch; finished parts are kept"
SEGMENT_ALL, SEGMENT_ALL_TIP = "Segment all", "Segment the whole region; you can stop at any time"
NOT_NOW = "Not now"
PERCENT = "%p %"
COARSE_FRAMES = "Coarse prediction first: %v of %m frames"


def time_left(duration: str) -> str:
    """In the progress bar."""
    return f"{duration} left"


# The panel of the classes.
CLASSES = "Classes"
PREDICTION, PREDICTION_TIP = "Prediction", "Prediction shown"
PREDICTIONS = BRANCHES | {"fused": "Fused (final)"}
OPACITY, OPACITY_TIP = "Opacity", "Opacity of the prediction over the image, in per cent"
SHARE_TIP = "Share of the segmented area"
SMALL_SHARE = "< 0.1 %"
NO_SHARE = "–"
SOLO = "Solo"


def show_tip(name: str) -> str:
    """Of the box that shows or hides a class."""
    return f"Show or hide {name}"


def solo_tip(name: str) -> str:
    """Of the button that shows one class only."""
    return f"Show only {name}; click again to show all classes"


# Layers.
REGION_LAYER = "UHRNet region"


def prediction_layer(family: str, branch: str) -> str:
    """The prediction of a branch."""
    return f"{family} {branch}"


def coarse_layer(family: str) -> str:
    """The first, coarse prediction of a large region."""
    return f"{family} coarse global"

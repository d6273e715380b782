"""Every text of the compare room, so that its wording is reviewed at once."""

from __future__ import annotations

# What is compared.
TITLE = "Compare"
A, B = "A", "B"
CHOOSE_FILE = "Mask file…"
MASK_DIALOG, MASK_FILES = "Choose a mask of the scene", "Masks (*.tif *.tiff *.png)"
CORRECTIONS = "Corrections"


def layer_source(name: str, *, is_taken: bool) -> str:
    """A layer of labels, distinct from a branch of the same name."""
    return f"{name} (layer)" if is_taken else name


# Where it is compared.
REGION = "Region"
AREAS = {"visible": "Visible region", "polygon": "Drawn polygon", "scene": "Whole scene"}
DRAW = "Draw"
DRAW_TIP = (
    "Click corner by corner on the image; a double-click closes the polygon.\n"
    "Of several polygons the selected one is used, else the last one"
)
AREA_LAYER = "UHRNet compared area"

# Buttons and messages.
COMPARE, COMPARE_TIP = "Compare", "Count the pixels and list the regions in which A and B differ"
REPORT = "Report…"
REPORT_TIP = "Compare, and write numbers and maps as a web page that can be read without napari"
REPORT_DIALOG = "Choose where to make the folder of the report"
SWIPE = "Swipe"
SWIPE_TIP = (
    "Show A on the left and B on the right of a line that you drag across the image.\n"
    "Hold the key B to swap the sides"
)
CANCEL, CANCEL_TIP = "Cancel", "Stop after the current block"
NOTHING_TO_COMPARE = "Segment first, or open labels of the scene as a layer."
NO_POLYGON = "Draw a polygon on the image first."
NOT_IN_VIEW = "The view shows nothing of the image: move it over the image."


def report_written(link: str) -> str:
    """HTML; ``link`` leads to the page."""
    return f"Report written: {link}"


# What was found.
FINDINGS = "Differences"
NO_COMMON_PIXELS = "No pixel has a class in both A and B: segment this region first."
COLUMNS = ("Class", "IoU", "A", "B", "B − A")
COLUMNS_TIP = "Area of each class in A and in B, and the difference"
MATRIX_TIP = (
    "Confusion matrix. Rows: class in A, columns: class in B, in per cent of the row.\n"
    "Click a cell to highlight its pixels and list its regions; click again for all"
)
PREVIOUS, PREVIOUS_TIP = "Previous", "Go to the previous region (Shift-N)"
NEXT, NEXT_TIP = "Next", "Go to the next region (N)"


def agreement(share: float, pixels: str, unit: str) -> str:
    """HTML, above the table of the areas."""
    return f"<b>{share:.1%}</b> of {pixels} agree. Areas in {unit}:"


def all_regions(total: int, listed: int) -> str:
    """Above the list of all regions, of which only the largest are listed."""
    more = f", the {listed} largest" if listed < total else ""
    return f"{_regions(total)} where A → B differ{more}:"


def pair_regions(a: str, b: str, listed: int) -> str:
    """Above the list of the regions with the class ``a`` in A and another, ``b``, in B."""
    return f"A {a} → B {b}: {_regions(listed)}"


def same_class(name: str) -> str:
    """Instead of a list: the pixels with the same class in A and B are highlighted."""
    return f"A and B both {name}"


def _regions(count: int) -> str:
    return "1 region" if count == 1 else f"{count} regions"


def region(a: str, b: str, size: str) -> str:
    """In the list of the regions."""
    return f"{a} → {b}   {size}"


def highlighted_layer(a: str, b: str) -> str:
    """The pixels of a pair of classes."""
    return f"A {a} | B {b}"

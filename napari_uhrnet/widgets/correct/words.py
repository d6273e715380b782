"""Every text of the correct room, so that its wording is reviewed at once.

"The selected class" is the one that is painted with.
"""

from __future__ import annotations

# The panel: top.
TITLE = "Correct"
START, STOP = "Correct", "Stop correcting"
START_TIP = "Correct the labels of this image. Press again to stop; everything is saved"
FOLDER = "Folder…"
FOLDER_TIP = "Choose where the project is saved, or open an existing project"
FOLDER_DIALOG = "Folder for a new project, or an existing project"
ZOOM_IN = "Zoom in to paint, or use polygons."
COMPARING = "Leave the comparison (side by side, swipe) to paint."
TRY_AGAIN, TRY_AGAIN_TIP = "Try again", "Save what you painted; the next stroke tries it, too"
DISCARD, DISCARD_TIP = "Discard", "Give up what you painted since it could not be saved"
INTRODUCTION = (
    "Correct the prediction and mark regions as reviewed. Everything is saved in a project folder "
    "next to the image."
)


def project(name: str) -> str:
    """The line that names the project."""
    return f"Project: {name}"


def unsaved(reason: str) -> str:
    """While what was painted cannot be saved."""
    return (
        f"{reason}. What you painted is not saved: it stays here until it is, and every stroke and "
        "every move of the view tries again."
    )


def other_folder_tip(folder: str) -> str:
    """Of the folder button, while a project is open."""
    return f"The project is saved in {folder}. Choose another folder, or open another project"


# The panel: tools.
TOOLS = {
    "paint": (
        "Paint",
        "Paint with the selected class. With the right mouse button: draw an outline to fill",
    ),
    "erase": ("Erase", "Erase the correction; the prediction shows again"),
    "fill": ("Fill", "Fill the connected region"),
    "pick": ("Pick", "Select the class of the clicked pixel"),
    "superpixel": (
        "Superpixel",
        "Paint superpixels (small regions of similar colour): click, or drag over them",
    ),
    "move": ("Move", "Move the view with the mouse. With any other tool: hold Space"),
}
"""Button and tooltip of each tool."""
BRUSH, BRUSH_TIP = "Brush", "Diameter of the brush in pixels of the image (keys [ and ])"
SUPERPIXEL = "Superpixel"
SUPERPIXEL_TIP = "Approximate width of a superpixel in pixels of the image"

# The panel: the list of classes.
CLASS_HEADINGS = ("Paint with", "Protect", "Labelled")


def class_tip(name: str, key: int | None) -> str:
    """Of a class's button; the first nine classes have a key."""
    return f"Paint with {name}" + (f" (key {key})" if key else "")


def protect(name: str) -> str:
    """What a screen reader calls the box that protects a class."""
    return f"Protect {name}"


def protect_tip(name: str) -> str:
    """Of the box that protects a class."""
    return f"Edits do not change pixels of the class {name}"


def labelled_tip(name: str) -> str:
    """Of the number of a class's pixels."""
    return f"Pixels corrected to {name}, or reviewed as {name}"


# The panel: polygons.
DRAW = "Draw polygon"
DRAW_TIP = (
    "Click to add corners, double-click to finish; works at every zoom level.\n"
    "The action below applies to the selected polygon, or to the last one drawn"
)
ACTIONS = {
    "set": "Set to selected class",
    "replace": "Replace a class",
    "model": "Reset to prediction",
    "grow": "Grow selected class",
    "shrink": "Shrink selected class",
    "smooth": "Smooth selected class",
    "holes": "Fill holes",
    "snap": "Snap to image edges",
    "review": "Mark as reviewed",
    "unreview": "Mark as not reviewed",
}
"""What can be done to all labels in a polygon."""
ACTION_TIPS = {
    "set": "All pixels in the polygon get the selected class",
    "replace": "Pixels of one class get the selected class",
    "model": "Erases corrections and review marks in the polygon; the prediction shows again",
    "grow": "Extends the selected class at its border",
    "shrink": "Removes the border of the selected class; the nearest other class takes its place",
    "smooth": "Smooths the border of the selected class",
    "holes": "Regions that the selected class encloses get that class",
    "snap": "Moves the border of the selected class to the nearest strong edge in the image;\n"
    "where there is none within the distance, the border stays",
    "review": "The labels in the polygon are correct: they are frozen",
    "unreview": "The labels in the polygon stay as corrections, no longer reviewed",
}
SIZES = {
    "replace": "Class to replace",
    "grow": "Distance",
    "shrink": "Distance",
    "smooth": "Radius",
    "holes": "Up to a size of",
    "snap": "Within a distance of",
}
"""Title of the field of those actions that have one."""
APPLY, APPLY_TIP = "Apply", "Apply the action to the polygon; Undo reverts it"
REPLACED_TIP = "Pixels of this class get the selected class"
NO_POLYGON = "Draw a polygon first"

# The panel: review, undo and progress.
MARK_VIEW = "Mark view as reviewed"
MARK_VIEW_TIP = (
    "The labels in view are correct (key R): they are frozen and hatched;\n"
    "new predictions do not change them"
)
UNDO, REDO = "Undo", "Redo"
CANCEL, CANCEL_TIP = "Cancel", "Cancel this edit; nothing is changed"
CANCELLED = "Cancelled; nothing was changed."


def undo_tip(edit: str) -> str:
    """Of the undo button: the name of the edit, "" if there is none."""
    return f"Undo: {edit} (Ctrl+Z)" if edit else "Nothing to undo (Ctrl+Z)"


def redo_tip(edit: str) -> str:
    """Of the redo button: the name of the edit, "" if there is none."""
    return f"Redo: {edit} (Ctrl+Shift+Z)" if edit else "Nothing to redo (Ctrl+Shift+Z)"


def pixels(count: int) -> str:
    """A number of pixels in about three digits: "340 px", "12.3 kpx", "1.05 Mpx"."""
    for limit, unit in ((10**9, "Gpx"), (10**6, "Mpx"), (10**3, "kpx")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}"
    return f"{count} px"


def counts(reviewed_share: float, reviewed_px: int, labelled_px: int) -> str:
    """How much of the scene is reviewed and labelled."""
    share = f"{reviewed_share:.1%}".replace("%", " %")
    return (
        f"Reviewed: {share} of the image, {pixels(reviewed_px)}. "
        f"Manually labelled: {pixels(labelled_px)}."
    )

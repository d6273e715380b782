"""Every text of the labels room, so that its wording is reviewed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CHOOSE = "…"

# Export: format, folder and images.
EXPORT = "Export"
FORMAT, FORMAT_TIP = "Format", "The first eight formats hold frames, the last four whole images"
FOLDER, FOLDER_TIP = "Folder", "A new or empty folder"
CHOOSE_FOLDER = "Choose a folder to export to"
IMAGES = "Images"
SCENES = {"one": "This image", "all": "All images of the project"}

# Export: frames.
FRAMES = "Frames"
PLACES = "Cover"
PLACES_CHOICES = {"all": "All reviewed regions", "view": "Current view", "listed": "Windows below"}
LISTED_HINT = "y, x, height, width; y, x, …"
LISTED_TIP = "Windows in pixels of the image, separated by semicolons"
SIZE, SIZE_TIP = "Size (px)", "Side of a frame in pixels of the image"
OVERLAP, OVERLAP_TIP = (
    "Overlap (px)",
    "Minimum overlap of neighbouring frames in pixels of the image",
)
UNREVIEWED, UNREVIEWED_TIP = "Unreviewed", "What happens to pixels that are not reviewed"
UNREVIEWED_CHOICES = {"unknown": "Write as unknown", "leave-out": "Skip frames that have any"}


def part_tip(part: str) -> str:
    """Of the share of train, val or test."""
    return (
        f"Share of frames for {part}. Whole regions are assigned to one part, so that\n"
        "neighbouring frames do not leak from one part into another"
    )


# Export: classes.
CLASSES = "Classes"
EXPORT_HEADINGS = ("", "Class", "Write as", "Id")
EXPORT_CLASSES_HINT = "Classes with the same name are merged. Clear a name to leave a class out."
LEFT_OUT = "left out"


def write_as(name: str) -> str:
    """What a screen reader calls the name of a class in the export."""
    return f"Write {name} as"


def id_of(name: str) -> str:
    """What a screen reader calls the id of a class in the export."""
    return f"Id of {name} in the export"


# Export: start, progress and result.
WRITE = "Write"
START_EXPORT = "Export"
CANCEL, CANCEL_TIP = "Cancel", "Cancel; partly written files are removed"
OPEN_FOLDER = "Open folder"
COUNTING = "Counting…"
NOTHING_REVIEWED = "Nothing is reviewed yet: mark regions as reviewed (key R) first."
EXPORT_CLOSED = "Press Correct first: the reviewed labels of its project are exported."
EXPORT_CANCELLED = "Cancelled; nothing was written."


def exported(summary: str, folder: Path | None) -> str:
    """After an export; ``summary`` is its content."""
    return f"Written: {summary}, to {folder}"


# Import.
IMPORT = "Import"
FROM = "From"
FILE, FILE_DIALOG = "File…", "Import labels from a file"
FILE_KINDS = "Masks and polygons (*.tif *.tiff *.png *.geojson *.json *.gpkg);;All files (*)"
IMPORT_FOLDER, IMPORT_FOLDER_DIALOG = "Folder…", "Import labels from an export folder"
IMPORT_FOLDER_TIP = "An export folder (with manifest.json), or OME-Zarr"
OPTIONS = "Options"
PROJECT_CLASSES = "Classes of the project"
TABLE_TIP = "What ids or colours in the file mean; an export folder has its own class table"
REVIEWED = "Mark as reviewed"
REVIEWED_TIP = "The labels are correct: they are frozen and can be exported"
START_IMPORT = "Import"
IMPORT_HINT = (
    "A mask of the image's size or with a georeference, polygons, or an export folder. Unlabelled "
    "pixels stay unchanged. Undo reverts the import."
)
IMPORT_CLOSED = "Press Correct first: labels are imported as corrections of its image."
IMPORTING = "Importing…"


def imported(share: float, notes: Iterable[str] = ()) -> str:
    """After an import; ``share`` of the image has a label in the file.

    ``notes`` are what was left out or guessed.
    """
    said = f"Imported: {share:.1%} of the image is labelled in the file.".replace("%", " %")
    return " ".join([said, *(f"{note[:1].upper()}{note[1:]}." for note in notes)])


# Classes of the project.
CLASSES_TITLE = "Classes of the project"
CLASS_HEADINGS = ("", "Id", "Name", "Other names", "Labelled", "")
OTHER_NAMES_TIP = (
    "Names of this class in networks and files, separated by commas. A network's class with one\n"
    "of these names is shown as this class"
)
ADD = "Add class"
LOAD, LOAD_TIP = "Load table", "Classes with matching names keep their ids"
LOAD_FILE, LOAD_DIALOG, LOAD_KINDS = "From a JSON file…", "Load a class table", "JSON (*.json)"
MERGE, REMOVE = "Merge into", "Remove"
REMOVE_USED_TIP = "This class has labelled pixels: merge it into another class instead"
APPLY, DISCARD = "Apply", "Discard changes"
APPLY_DIALOG = "Apply changes of classes"
CLASSES_HINT = (
    "Changes take effect with Apply. A renamed class keeps its old name under “Other names”, so "
    "that networks and files still match."
)
CLASSES_CLOSED = "Press Correct first: the classes belong to its project."
NO_UNDO = (
    "Classes are removed or merged in all corrections of the project. Earlier edits can no longer "
    "be undone then."
)


def colour_of(name: str) -> str:
    """Of the colour of a class: tooltip and title of the dialog."""
    return f"Colour of {name}"


def more_tip(name: str) -> str:
    """Of the menu of a class."""
    return f"Merge or remove {name}"


def new_class(number: int) -> str:
    """Name of a class that was added."""
    return f"class {number}"

"""Texts of the labels room that window and command line share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uhrnet.export.frames.split import PARTS

if TYPE_CHECKING:
    from napari_uhrnet.session.labels.exporting import Preview

# Export.
FORMATS = {
    "deepglobe": ("DeepGlobe", "Image and colour mask side by side, as in the challenge"),
    "glnet": ("GLNet, FCtL", "Folders of images and of masks with class ids"),
    "magnet": ("MagNet", "Colour masks, and a list file for each part"),
    "isdnet": ("ISDNet", "Masks with class ids, 255 where nothing was reviewed"),
    "f2net": ("F2Net", "Masks with class ids, and a list file for each part"),
    "palette": ("Indexed PNG", "Class ids with colours, for any trainer"),
    "coco": ("COCO", "Run-lengths and polygons in JSON, for detection tools"),
    "yolo": ("YOLO", "Polygons in text files, for Ultralytics"),
    "geotiff": ("GeoTIFF", "The whole scene as a raster, for GIS"),
    "ome-zarr": ("OME-Zarr", "The whole scene as an image pyramid, for image viewers"),
    "geojson": ("GeoJSON", "Polygons of the whole scene, for web maps"),
    "gpkg": ("GeoPackage", "Polygons of the whole scene, for GIS"),
}
"""Title and content of each format."""


def preview_summary(found: Preview) -> str:
    """One line: what an export would hold."""
    reviewed = f"{found.reviewed_px:,} px reviewed".replace(",", "\xa0").replace(" px", "\xa0px")
    if not found.frames:
        return f"{_number(found.scenes, 'image')}, {reviewed}"
    parts = ", ".join(f"{part} {n}" for part, n in found.frames.items())
    return f"{_number(sum(found.frames.values()), 'frame')} ({parts}), {reviewed}"


def export_summary(manifest: dict[str, Any]) -> str:
    """One line: what an export holds, from its manifest."""
    if "frames" not in manifest:
        return f"{manifest['format']}: {_number(len(manifest['scenes']), 'scene')}"
    parts = [frame["part"] for frame in manifest["frames"]]
    counts = ", ".join(f"{p} {parts.count(p)}" for p in PARTS if p in parts)
    return f"{manifest['format']}: {_number(len(parts), 'frame')} ({counts})"


# Import: the name of the edit, as undo shows it.
def import_edit(file_name: str) -> str:
    """Of an import of a file."""
    return f"import {file_name}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}"

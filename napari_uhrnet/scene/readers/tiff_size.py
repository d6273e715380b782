"""Pixel sizes that microscopes and slide scanners write into a TIFF."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from napari_uhrnet.scene.picture.plausible import plausible_sides_m, plausible_size_m
from napari_uhrnet.scene.readers.units import metres_per

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries


def physical_size_m(file: TiffFile, series: TiffPageSeries) -> float | None:
    """Side of a square of the area of a pixel of this image; None where the file has none."""
    key = series.keyframe
    if file.is_svs:
        found = re.search(r"MPP\s*=\s*([-+0-9.eE]+)", key.description or "")
        microns = plausible_size_m(found[1]) if found else None
        return None if microns is None else plausible_size_m(microns * 1e-6)
    if file.is_ome and file.ome_metadata:
        return _of_ome(file.ome_metadata, file.series.index(series), key)
    if file.is_imagej:
        return _of_imagej(file.imagej_metadata or {}, key)
    return None


def _of_ome(xml: str, number: int, key: Any) -> float | None:
    """Of the image with this number; of none if the metadata do not fit what is in the file."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    images = [e.attrib for e in root.iter() if e.tag.endswith("Pixels")]
    if number >= len(images):
        return None
    found = images[number]
    if (found.get("SizeY"), found.get("SizeX")) != (str(key.imagelength), str(key.imagewidth)):
        return None
    across = _ome_side_m(found, "X")
    return plausible_sides_m(
        across, _ome_side_m(found, "Y") if "PhysicalSizeY" in found else across
    )


def _ome_side_m(pixels: dict[str, str], axis: str) -> float | None:
    size = _number(pixels.get(f"PhysicalSize{axis}"))
    unit_m = metres_per(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    return None if size is None or unit_m is None else size * unit_m


def _of_imagej(metadata: dict[str, Any], key: Any) -> float | None:
    """ImageJ writes pixels per unit as resolution, and names the unit in its description."""
    sides = []
    for axis in "XY":
        unit = str(metadata.get(f"{axis.lower()}unit", metadata.get("unit", "")))
        unit_m = metres_per(unit.replace("\\u00B5", "µ"))
        tag = key.tags.get(f"{axis}Resolution")
        per_unit = _ratio(tag.value) if tag is not None else None
        if unit_m is None or not per_unit:
            return None
        sides.append(unit_m / per_unit)
    return plausible_sides_m(*sides)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _ratio(value: Any) -> float | None:
    try:
        return float(value[0]) / float(value[1])
    except (TypeError, IndexError, ValueError, ZeroDivisionError):
        return None

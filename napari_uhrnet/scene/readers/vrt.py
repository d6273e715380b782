"""VRT mosaics: checked before GDAL opens them, as their sources obey no list of drivers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD_BYTES = 1 << 16
_LARGEST_BYTES = 64 << 20
_SOURCES = {"SimpleSource", "ComplexSource"}
_ELEMENTS = """SimpleSource ComplexSource VRTDataset SRS GeoTransform GCPList GCP Metadata MDI
VRTRasterBand MaskBand Overview ColorInterp ColorTable Entry NoDataValue HideNoDataValue Description
UnitType Offset Scale CategoryNames Category Histograms HistItem HistMin HistMax BucketCount
IncludeOutOfRange Approximate HistCounts SourceFilename SourceBand SourceProperties SrcRect DstRect
ScaleOffset ScaleRatio LUT NODATA ColorTableComponent UseMaskBand Exponent SrcMin SrcMax DstMin
DstMax Clamp OverviewList BlockXSize BlockYSize GDALRasterAttributeTable FieldDefn Name Type Usage
Row F"""
_ATTRIBUTES = """rasterXSize rasterYSize RasterXSize RasterYSize dataType DataType band subClass
relativeToVRT relativetoVRT shared BlockXSize BlockYSize blockXSize blockYSize xOff yOff xSize ySize
c1 c2 c3 c4 key domain dataAxisToSRSAxisMapping coordinateEpoch Id Info Pixel Line X Y Z Projection
resampling tableType index Row0Min BinSize"""
_KNOWN_ELEMENTS, _KNOWN_ATTRIBUTES = set(_ELEMENTS.split()), set(_ATTRIBUTES.split())
_PIXEL_STARTS = (
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\x89PNG", b"\xff\xd8\xff"),
    *(b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51", b"EHFA"),
)


def is_vrt(path: Path) -> bool:
    """Whether GDAL may take the file for a VRT, whatever its suffix."""
    with path.open("rb") as file:
        return b"<vrtdataset" in file.read(_HEAD_BYTES).lower()


def vrt_sources(path: Path) -> set[Path]:
    """The files that a VRT takes pixels from.

    UserError unless it is a plain mosaic of TIFF, PNG, JPEG, JPEG 2000 or ERDAS files in or below
    its folder.
    """
    if path.stat().st_size > _LARGEST_BYTES:
        raise _refused(path, "it is too long")
    text = path.read_bytes()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise _refused(path, "it declares entities")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise UserError(f"{path.name}: the VRT is damaged ({error}); make it again.") from error
    if root.tag != "VRTDataset":
        raise _refused(path, f"it starts with {root.tag[:40]}")
    for element in root.iter():
        _check_element(path, element)
    return set(_named(path, root))


def _refused(path: Path, why: str) -> UserError:
    return UserError(
        f"{path.name}: {why}, and only plain mosaics of image files beside or below a VRT are "
        "opened; convert it to GeoTIFF."
    )


def _check_element(path: Path, element: ElementTree.Element) -> None:
    # GDAL reads attributes as if they were elements, so both are allowed by name; it does not mind
    # upper and lower case, so no name may be there twice.
    unknown = [n for n in element.attrib if n not in _KNOWN_ATTRIBUTES]
    if len({n.lower() for n in element.attrib}) < len(element.attrib):
        raise _refused(path, f"it repeats an attribute of {element.tag[:40]}")
    if element.tag not in _KNOWN_ELEMENTS or unknown:
        raise _refused(path, f"it holds {(unknown or [element.tag])[0][:40]}")
    kind = element.get("subClass", "VRTSourcedRasterBand")
    if kind != "VRTSourcedRasterBand":
        raise _refused(path, f"it holds a {kind[:40]}")


def _named(path: Path, root: ElementTree.Element) -> Iterator[Path]:
    for parent in root.iter():
        for element in parent.findall("SourceFilename"):
            if parent.tag not in _SOURCES | {"Overview"} or len(element):
                raise _refused(path, f"it names a file in {parent.tag}")
            relative = element.get("relativeToVRT", element.get("relativetoVRT", "0"))
            if relative not in {"0", "1"}:
                raise _refused(path, "relativeToVRT is neither 0 nor 1")
            yield _source(path, element.text or "", relative == "1")


def _source(path: Path, named: str, relative: bool) -> Path:
    folder = os.path.abspath(path.parent)
    # As GDAL joins them: a name that is not relative to the VRT is relative to where one works.
    absolute = os.path.abspath(os.path.join(folder, named) if relative else named)
    if named != named.strip() or not inside(folder, absolute):
        raise _refused(path, f"it takes pixels from {named[:80]}")
    source = path.parent / os.path.relpath(absolute, folder)
    try:
        with source.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise UserError(
            f"{path.name}: the file {named} that it takes pixels from is missing or cannot be "
            "opened; put it back, or make the VRT again."
        ) from error
    if not start.startswith(_PIXEL_STARTS):
        raise _refused(path, f"{named[:80]} is no TIFF, PNG, JPEG, JPEG 2000 or ERDAS file")
    return source


def inside(folder: str, absolute: str) -> bool:
    """Whether a path lies in or below a folder; both absolute, without links being followed."""
    return os.path.normcase(absolute).startswith(os.path.normcase(os.path.join(folder, "")))

"""The commands ``import`` and ``export``: labels of a project from and to files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Unreviewed(StrEnum):
    """How pixels without reviewed labels are written."""

    unknown = "unknown"
    leave_out = "leave-out"


ProjectPath = Annotated[Path, typer.Argument(metavar="PROJECT", help="Folder of the project.")]


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.command("import")(_import)
    app.command("export")(_export)


def _import(
    project: ProjectPath,
    mask: Annotated[
        Path,
        typer.Argument(metavar="MASK", help="Mask, polygons, or the folder of an export."),
    ],
    scene: Annotated[
        Path, typer.Option(metavar="SCENE", help="The scene that the labels belong to.")
    ],
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="Mark the imported labels as reviewed.")
    ] = False,
    classes: Annotated[
        str | None,
        typer.Option(metavar="NAME_OR_FILE", help="Class table of the mask, and of a new project."),
    ] = None,
) -> None:
    """Read labels of a scene into a project; a missing project is made."""
    from napari_uhrnet.cli.labels.work import import_to_project

    import_to_project(project, mask, scene, reviewed=reviewed, classes=classes)


def _export(
    project: ProjectPath,
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="deepglobe, glnet, magnet, isdnet, f2net, palette, coco or yolo (frames); "
            "geotiff, ome-zarr, geojson or gpkg (whole scenes).",
        ),
    ],
    to: Annotated[Path, typer.Option(metavar="DIR", help="A new or empty folder.")],
    scene: Annotated[
        Path | None, typer.Option(metavar="SCENE", help="Only this scene; default: all.")
    ] = None,
    size: Annotated[int, typer.Option(metavar="PX", help="Side of a frame.")] = 1024,
    overlap: Annotated[
        int, typer.Option(metavar="PX", help="Least overlap of neighbouring frames.")
    ] = 0,
    unreviewed: Annotated[
        Unreviewed,
        typer.Option(help="Write unreviewed pixels as unknown, or leave such frames out."),
    ] = Unreviewed.unknown,
    split: Annotated[
        str, typer.Option(metavar="TRAIN,VAL,TEST", help="Shares of the frames.")
    ] = "1,0,0",
    frame: Annotated[
        list[str] | None,
        typer.Option(metavar="Y,X,HEIGHT,WIDTH", help="Only this frame; may be given again."),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="CLASS=NAME[:ID]",
            help="Write a class under another name; classes of one name become one; CLASS= leaves "
            "it out. May be given again.",
        ),
    ] = None,
) -> None:
    """Write the reviewed labels of a project as training data or maps."""
    from napari_uhrnet.cli.kit.words import parse_split, parse_written
    from napari_uhrnet.cli.labels.work import export_from_project
    from napari_uhrnet.export.frames.selection import FrameRules
    from napari_uhrnet.session.labels.exporting import ExportRequest
    from napari_uhrnet.session.labels.frame_windows import parse_frames

    windows = parse_frames(";".join(frame)) if frame else None
    rules = FrameRules(
        size, overlap, unreviewed=unreviewed.value, split=parse_split(split), windows=windows
    )
    request = ExportRequest(format_name, to, rules, parse_written(map_ or ()))
    export_from_project(project, request, scene=scene)

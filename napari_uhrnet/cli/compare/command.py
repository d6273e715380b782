"""The command ``compare``: two results of a scene, side by side in a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ScenePath = Annotated[Path, typer.Argument(metavar="SCENE", help="Image file or OME-Zarr folder.")]


def register(app: typer.Typer) -> None:
    """Add the command to an application."""

    @app.command()
    def compare(
        scene: ScenePath,
        model: Annotated[
            list[str],
            typer.Option(
                metavar="RESULT",
                help="Give it twice, for A and B: a model or checkpoint, its branch as in "
                "NAME:global (or local, fused), or the file of a mask.",
            ),
        ],
        out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the report.")],
        truth: Annotated[
            Path | None,
            typer.Option(metavar="MASK", help="Ground truth: mask that both are scored against."),
        ] = None,
        classes: Annotated[
            str | None,
            typer.Option(
                metavar="NAME_OR_FILE", help="Class table of the masks; default: their own."
            ),
        ] = None,
        pixel_size: Annotated[
            float | None,
            typer.Option(metavar="M", help="Metres per pixel of the scene; default: the file's."),
        ] = None,
        window: Annotated[
            str | None,
            typer.Option(metavar="Y,X,H,W", help="Part of the scene, in its pixels; default: all."),
        ] = None,
        device: Annotated[
            str, typer.Option(metavar="auto|cpu|cuda|mps", help="Where to compute.")
        ] = "auto",
    ) -> None:
        """Compare two models, branches or masks on a scene and write a report."""
        from napari_uhrnet.cli.compare.work import compare_to_folder

        compare_to_folder(
            scene,
            model,
            out,
            truth=truth,
            classes=classes,
            window=window,
            pixel_size_m=pixel_size,
            device=device,
        )

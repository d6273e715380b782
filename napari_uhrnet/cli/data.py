"""The commands ``data``: what is in a labelled data set, and what is wrong with it."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_uhrnet.cli.kit.output import say

if TYPE_CHECKING:
    from napari_uhrnet.datasets.check import Report

PROBLEMS_FOUND = 1
_SIZES_SHOWN = 8

_HEADINGS = {
    "half": "without their other half",
    "unreadable": "not readable",
    "size": "masks of another size than their image",
    "place": "masks that lie elsewhere than their image",
    "stray": "masks with colours or values of no class",
    "inexact": "masks with colours that were rounded to a class's",
}

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the data set.")]


def register(app: typer.Typer) -> None:
    """Add ``data check`` and ``data overlaps`` to the command line."""
    data = typer.Typer(help="Labelled data sets.", rich_markup_mode=None)
    app.add_typer(data, name="data")

    @data.callback()
    def _data() -> None:
        """Labelled data sets."""

    @data.command()
    def check(
        folder: Folder,
        classes: Annotated[
            str | None,
            typer.Option(
                metavar="NAME_OR_FILE",
                help="Class table; default the folder's classes.json, else the layout's, "
                "else deepglobe.",
            ),
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Count images, sizes and classes, and list problems; exit code 1 if there are any."""
        check_to_screen(folder, classes, as_json=json)

    @data.command()
    def overlaps(
        folders: Annotated[
            list[str],
            typer.Argument(metavar="DIR[@M]...", help="Folders of images; @M: metres per pixel."),
        ],
        split: Annotated[
            str | None,
            typer.Option(
                metavar="FILE_OR_NAME",
                help="Only pairs whose images are in different parts of this split.",
            ),
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Find images that show the same ground; exit code 1 if there are any.

        If one of them was trained on, a score on the other is too high.
        """
        overlaps_to_screen(folders, split, as_json=json)


def overlaps_to_screen(folders: list[str], split: str | None, *, as_json: bool) -> None:
    """Print which images show the same ground; typer.Exit with code 1 if any do."""
    from napari_uhrnet.cli.kit.progress import ProgressLine
    from napari_uhrnet.datasets.splits import part_of_ids
    from napari_uhrnet.evaluation.overlaps import check_parts, members, overlaps
    from napari_uhrnet.evaluation.scoring.truth_pairs import Source

    parts = part_of_ids(split) if split is not None else {}
    pictures = members([Source.parse(text) for text in folders], parts)
    if split is not None:
        check_parts(pictures, split)
    with ProgressLine("comparing") as line:
        found = list(overlaps(pictures, across=split is not None, progress=line.share))
    unlisted = sum(picture.part is None for picture in pictures)
    where = "given"
    if split is not None:
        where = f"in different parts of {split}" + (
            f" ({unlisted} are in none)" if unlisted else ""
        )
    if as_json:
        say(json_format.dumps([overlap.to_dict() for overlap in found], indent=2))
    elif not found:
        say(f"none of the {len(pictures)} images {where} show the same ground")
    else:
        say("\n".join(map(str, found)))
    if found:
        raise typer.Exit(PROBLEMS_FOUND)


def check_to_screen(folder: Path, classes: str | None, *, as_json: bool) -> None:
    """Print the report on a data set; typer.Exit with code 1 if a file has a problem."""
    from napari_uhrnet.cli.kit.progress import ProgressLine
    from napari_uhrnet.datasets.check import check_dataset, table_of
    from napari_uhrnet.datasets.layouts import find_pairs

    dataset = find_pairs(folder)
    table = table_of(dataset, classes)
    with ProgressLine("checking") as line:
        report = check_dataset(dataset, table, progress=line.share)
    if as_json:
        say(json_format.dumps(report.to_dict(), indent=2))
    else:
        for text in [*_summary(report), *_notes(report), *_problems(report)]:
            say(text)
    if report.problems:
        raise typer.Exit(PROBLEMS_FOUND)


def _summary(report: Report) -> list[str]:
    dataset = report.dataset
    splits = ", ".join(f"{name} {n}" for name, n in report.splits.items() if name != "none")
    sizes = [f"{w} x {h} ({n})" for (h, w), n in report.sizes.most_common(_SIZES_SHOWN)]
    more = len(report.sizes) - len(sizes)
    kinds = ", ".join(f"{kind} ({n})" for kind, n in report.kinds.most_common())
    lines = [
        f"{dataset.folder}: {len(dataset.pairs)} pairs, layout {dataset.layout}"
        + (f", {splits}" if splits else ""),
        f"sizes (width x height): {', '.join(sizes)}" + (f" and {more} more" if more else ""),
        f"masks: {kinds}; class table {report.classes.name}",
    ]
    lines += [f"  {share:6.1%}  {name}" for name, share in report.shares.items()]
    nothing = int(report.counts[255]) / max(1, int(report.counts.sum()))
    return [*lines, f"{nothing:.1%} of all pixels have no class"]


def _notes(report: Report) -> list[str]:
    return [
        f"note: {paths[0]}{f' and {len(paths) - 1} more' if len(paths) > 1 else ''}: {text}"
        for text, paths in report.notes.items()
    ]


def _problems(report: Report) -> list[str]:
    if not report.problems:
        return ["no problems found"]
    lines = []
    for kind, heading in _HEADINGS.items():
        found = [p for p in report.problems if p.kind == kind]
        if found:
            lines += [f"{heading}: {len(found)}", *(f"  {p.text}" for p in found)]
    if report.better_table:
        lines.append(
            f"most of the colours of no class are in the class table {report.better_table}: "
            f"try --classes {report.better_table}"
        )
    return lines

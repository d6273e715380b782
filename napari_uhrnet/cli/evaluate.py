"""The command ``evaluate``: score a model on folders of images with masks."""

from __future__ import annotations

from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_uhrnet.cli.kit.output import say

if TYPE_CHECKING:
    from napari_uhrnet.evaluation.scoring.counts import SceneCounts
    from napari_uhrnet.evaluation.scoring.evaluate import Settings
    from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.models.registry import LoadedModel


class UnknownRule(Enum):
    """How pixels of unknown ground truth are scored."""

    count = "count"
    ignore = "ignore"


class Views(Enum):
    """How many views of a scene are averaged."""

    four = "4"
    eight = "8"


_Folders = Annotated[
    list[str],
    typer.Argument(
        metavar="DIR[@M]...", help="Folders of images and masks; @M: their metres per pixel."
    ),
]
_Model = Annotated[
    str | None, typer.Option(metavar="NAME_OR_FILE", help="Model or checkpoint; see `models`.")
]
_Unknown = Annotated[
    UnknownRule,
    typer.Option(
        help="Pixels of unknown ground truth: a class predicted there is wrong (GLNet), or ignored."
    ),
]
_Json = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the scores as JSON.")]
_Split = Annotated[
    str | None,
    typer.Option(
        metavar="FILE_OR_NAME", help="Split of the pairs: deepglobe, inria, .json or .txt."
    ),
]
_Part = Annotated[
    str | None, typer.Option(help="Part of the split (or of the folders): train, val, test.")
]
_Drop = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="Leave this pair out; may be given again.")
]
_Classes = Annotated[
    str | None, typer.Option(metavar="NAME_OR_FILE", help="Class table of the masks.")
]
_Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder for tables, pictures and scores.json.")
]
_Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda|mps", help="Where to compute.")]
_Average = Annotated[
    bool, typer.Option("--average", help="Average over turned and mirrored views of each scene.")
]
_Views = Annotated[
    Views, typer.Option(help="With --average: 4 turned views, or 8 with mirrored ones.")
]
_Beside = Annotated[
    str | None, typer.Option(metavar="NAME_OR_FILE", help="A second model for the figure.")
]
_Tolerance = Annotated[
    str,
    typer.Option(metavar="3m|5px", help="Tolerance of boundary F1, on the ground or in pixels."),
]


_WRITTEN = ("scores.json", "scores.md", "scenes.csv", "confusion.png", "figure.png")


def register(app: typer.Typer) -> None:
    """Add ``evaluate`` to the command line."""

    @app.command()
    def evaluate(
        folders: _Folders,
        model: _Model = None,
        unknown: _Unknown = UnknownRule.count,
        json: _Json = None,
        split: _Split = None,
        part: _Part = None,
        drop: _Drop = None,
        classes: _Classes = None,
        out: _Out = None,
        device: _Device = "auto",
        average: _Average = False,
        views: _Views = Views.eight,
        beside: _Beside = None,
        tolerance: _Tolerance = "3m",
    ) -> None:
        """Score every branch of a model on images with masks, at the images' own size."""
        from napari_uhrnet.evaluation.scoring.boundary import Tolerance
        from napari_uhrnet.evaluation.scoring.evaluate import Settings
        from napari_uhrnet.evaluation.scoring.truth_pairs import Source, gather
        from napari_uhrnet.models.registry import DEFAULT_MODEL, load_model

        settings = Settings(
            unknown.value, Tolerance.parse(tolerance), int(views.value) if average else 1
        )
        _check_outputs(json, out)
        sources = [Source.parse(text) for text in folders]
        pairs, table = gather(sources, split, part, drop or (), classes)
        named = [split, classes, model, beside]
        _check_nothing_read(json, out, [*named, *(f for p in pairs for f in (p.image, p.mask))])
        loaded = load_model(model or DEFAULT_MODEL, device)
        other = None if beside is None else load_model(beside, device)
        evaluate_to_files(pairs, table, loaded, settings, json=json, out=out, beside=other)


def evaluate_to_files(
    pairs: list[TruthPair],
    table: ClassTable,
    model: LoadedModel,
    settings: Settings,
    *,
    json: Path | None = None,
    out: Path | None = None,
    beside: LoadedModel | None = None,
) -> dict[str, Any]:
    """Evaluate, print the table, and write what is asked for; gives the scores."""
    from napari_uhrnet.evaluation.scoring.evaluate import mapping_to
    from napari_uhrnet.evaluation.scoring.score_files import markdown, write_confusion, write_json
    from napari_uhrnet.evaluation.scoring.scores import all_scores

    if beside is not None:
        mapping_to(beside, table)
    with ExitStack() as kept:
        drawn = out is not None and _can_draw()
        overviews = kept.enter_context(_overviews()) if drawn else None
        scenes = _evaluated(pairs, table, model, settings, overviews)
        scores = all_scores(scenes, model, table, settings)
        say(markdown(scores), nl=False)
        if json is not None:
            write_json(json, scores)
        if out is not None:
            _write_folder(out, scenes, scores, table, settings)
            if overviews is not None:
                write_confusion(out / "confusion.png", scores)
                _write_figure(out, scenes, table, settings, overviews, model, beside)
            say(f"written to {out}")
    return scores


def _can_draw() -> bool:
    """Whether the pictures can be drawn; says before the work what is missing if they cannot."""
    from napari_uhrnet.errors import UserError
    from napari_uhrnet.extras import needs

    try:
        needs("matplotlib", "report", "drawing confusion.png and figure.png")
    except UserError as missing:
        say(f"{missing} (all scores are written without it)", err=True)
        return False
    return True


def _overviews() -> Any:
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(prefix="napari-uhrnet-", ignore_cleanup_errors=True)


def _check_outputs(json: Path | None, out: Path | None) -> None:
    from napari_uhrnet.errors import UserError
    from napari_uhrnet.store.files.beside import check_parent, os_errors

    if json is not None:
        check_parent(json)
    if out is not None:
        if out.exists() and not out.is_dir():
            raise UserError(f"{out}: is a file: --out takes a folder")
        check_parent(out)
        with os_errors(out):
            out.mkdir(exist_ok=True)
        check_parent(out / "scores.json")


def _check_nothing_read(json: Path | None, out: Path | None, inputs: list[Any]) -> None:
    """UserError if something that is read would be written over."""
    from napari_uhrnet.store.files.inputs import check_not_input

    written = [] if out is None else [out / name for name in _WRITTEN]
    for path in written if json is None else [json, *written]:
        check_not_input(path, inputs)


def _evaluated(
    pairs: list[TruthPair],
    table: ClassTable,
    model: LoadedModel,
    settings: Settings,
    overviews: str | None,
) -> list[SceneCounts]:
    """Counts of all scenes, with progress on stderr."""
    from napari_uhrnet.cli.kit.progress import ProgressLine
    from napari_uhrnet.evaluation.scoring.evaluate import evaluate
    from napari_uhrnet.evaluation.scoring.overviews import Overview

    scenes: list[SceneCounts] = []
    with ProgressLine("evaluating") as line:

        def advance(_: TruthPair, done: int, total: int) -> None:
            line.share((len(scenes) + done / max(1, total)) / len(pairs))

        for found in evaluate(pairs, model, table, settings, advance):
            if overviews is not None:
                Overview.of(found).save(Path(overviews) / f"{len(scenes)}.npz")
            scenes.append(found.counts)
            if found.scene.pixel_size_m is None and len(scenes) == 1:
                line.note(
                    f"{found.scene.name} does not say its pixel size; the checkpoint's "
                    f"{model.card.pixel_size_m:g} m is assumed, give it as DIR@METRES"
                )
    return scenes


def _write_folder(
    out: Path,
    scenes: list[SceneCounts],
    scores: dict[str, Any],
    table: ClassTable,
    settings: Settings,
) -> None:
    from napari_uhrnet.evaluation.scoring import score_files
    from napari_uhrnet.evaluation.scoring.scores import scene_rows

    score_files.write_json(out / "scores.json", scores)
    score_files.write_markdown(out / "scores.md", scores)
    score_files.write_csv(out / "scenes.csv", scene_rows(scenes, table, settings.unknown))


def _write_figure(
    out: Path,
    scenes: list[SceneCounts],
    table: ClassTable,
    settings: Settings,
    overviews: str,
    model: LoadedModel,
    beside: LoadedModel | None,
) -> None:
    from napari_uhrnet.evaluation.scoring.figure import (
        Row,
        easy_middling_hard,
        labels_beside,
        write_figure,
    )
    from napari_uhrnet.evaluation.scoring.overviews import Overview

    rows = []
    for kind, k in easy_middling_hard(scenes, table, settings.unknown).items():
        seen, pair = Overview.load(Path(overviews) / f"{k}.npz"), scenes[k].pair
        labels = {"ground truth": seen.truth}
        if beside is not None:
            same = beside.name == model.name
            title = f"{beside.name} ({beside.hash[:6]})" if same else beside.name
            labels[title] = labels_beside(pair, beside, table)
        labels[model.name] = seen.fused
        rows.append(Row(f"{kind}: {pair.name}", seen.image, labels))
    write_figure(out / "figure.png", rows, table)

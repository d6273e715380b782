"""The command ``reproduce``: the paper's tables, trained and scored anew."""

from __future__ import annotations

import time
from enum import Enum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from napari_uhrnet.cli.kit.output import say
from napari_uhrnet.cli.kit.progress import ProgressLine
from napari_uhrnet.extras import needs

if TYPE_CHECKING:
    from napari_uhrnet.evaluation.reproduce.paper_tables import TableName
    from napari_uhrnet.evaluation.reproduce.settings import ReproduceSettings


class Table(StrEnum):
    """Of the paper."""

    main = "main"
    ablation = "ablation"


class ScaleOption(StrEnum):
    """Sizes of the networks."""

    light = "light"
    paper = "paper"


class UnknownRule(Enum):
    """How pixels of unknown ground truth are scored."""

    count = "count"
    ignore = "ignore"


_Folders = Annotated[
    list[str],
    typer.Argument(
        metavar="DIR[@M]...", help="Folders of images and masks; @M: their metres per pixel."
    ),
]
_Out = Annotated[Path, typer.Option(metavar="RUN", help="Folder for all runs and the tables.")]
_Table = Annotated[Table | None, typer.Option(help="Which table; default: both.")]
_Scale = Annotated[
    ScaleOption, typer.Option(help="Networks small enough for a CPU, or of the paper's size.")
]
_Seeds = Annotated[
    int, typer.Option(min=1, metavar="N", help="Runs (with different seeds) of each row.")
]
_Steps = Annotated[
    int | None, typer.Option(min=3, metavar="N", help="Steps of a run [light 300, paper 22040].")
]
_Split = Annotated[
    str | None,
    typer.Option(metavar="FILE_OR_NAME", help="Split: train on train, score on test, or else val."),
]
_Drop = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="Leave this pair out of the scores; may be given again."),
]
_Unknown = Annotated[
    UnknownRule,
    typer.Option(
        help="Pixels of unknown ground truth: a class predicted there is wrong (GLNet), or ignored."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(reproduce)


def reproduce(
    folders: _Folders,
    out: _Out,
    table: _Table = None,
    scale: _Scale = ScaleOption.light,
    seeds: _Seeds = 1,
    steps: _Steps = None,
    split: _Split = None,
    drop: _Drop = None,
    unknown: _Unknown = UnknownRule.count,
) -> None:
    """Train and score all rows of the paper's tables; the same command resumes."""
    from napari_uhrnet.evaluation.reproduce.rows import scale_of
    from napari_uhrnet.evaluation.reproduce.settings import ReproduceSettings
    from napari_uhrnet.evaluation.scoring.truth_pairs import Source
    from napari_uhrnet.training.run.config import DataFolder

    sources = [Source.parse(text) for text in folders]
    name: Literal["light", "paper"] = "light" if scale is ScaleOption.light else "paper"
    settings = ReproduceSettings(
        data=tuple(
            DataFolder(folder=s.folder.resolve(), pixel_size_m=s.pixel_size_m) for s in sources
        ),
        scale=name,
        steps=steps or scale_of(name).steps,
        split=_place(split),
        drop=tuple(sorted(drop or ())),
        unknown="count" if unknown is UnknownRule.count else "ignore",
    )
    run_reproduction(settings, out, None if table is None else table.value, seeds)


def run_reproduction(
    settings: ReproduceSettings, out: Path, table: TableName | None, seeds: int
) -> None:
    """Continue until all is done; `typer.Abort` if somebody stops it.

    UserError if the extra with the main table's networks is not installed.
    """
    from napari_uhrnet.evaluation.reproduce.run_all import reproduce as reproduce_all

    if table != "ablation":  # before hours of the other networks
        needs("segmentation_models_pytorch", "reproduce", "the paper's main table")
    with ReproductionLine() as line:
        done = reproduce_all(settings, out, line, table=table, seeds=seeds)
    if not done:
        say(f"stopped and saved: the same command resumes; so far: {out / 'tables.md'}")
        raise typer.Abort
    say((out / "tables.md").read_text(encoding="utf-8"), nl=False)


def _place(name_or_file: str | None) -> str | None:
    """Files by their whole path, so that the command can be given elsewhere."""
    if name_or_file is None or not Path(name_or_file).exists():
        return name_or_file
    return str(Path(name_or_file).resolve())


class ReproductionLine:
    """Which row and seed, how far it is, and how long all the others will take."""

    def __init__(self) -> None:
        self._line = ProgressLine("reproducing")
        self._noted: set[str] = set()
        self._spent: list[float] = []
        self._began: float | None = None
        self._runs_left = 0

    def __enter__(self) -> ReproductionLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.end()

    def run(self, number: int, count: int, title: str) -> None:
        """A run starts: shown on a separate line."""
        self._end_run()
        self._runs_left = count - number
        self._line = ProgressLine(title)
        self._line.note(f"{title} ({number} of {count})")
        self._began = time.monotonic()

    def note(self, message: str) -> None:
        """A remark for the user, shown once for all rows."""
        if message not in self._noted:
            self._noted.add(message)
            self._line.note(message)

    def step(self, step: int, steps: int, loss: float, seconds: float) -> None:
        """A training step was done."""
        whole = sum(self._spent) / len(self._spent) if self._spent else seconds * steps
        left = seconds * (steps - step) + whole * self._runs_left
        self._line.steps(step, steps, loss, seconds, left)

    def scored(self, share: float) -> None:
        """The share of the scenes that is scored."""
        self._line.share(share)

    def _end_run(self) -> None:
        self._line.end()
        if self._began is not None:
            self._spent.append(time.monotonic() - self._began)

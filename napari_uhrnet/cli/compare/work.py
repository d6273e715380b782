"""From a scene and two results of it to a report on disk."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.cli.kit.opening import opened
from napari_uhrnet.cli.kit.output import say
from napari_uhrnet.cli.kit.progress import ProgressLine
from napari_uhrnet.cli.kit.words import parse_window
from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.comparison.report import PAGE, check_report_folder, write_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uhrnet.engine.run import Progress
    from napari_uhrnet.engine.segment import Segmentation
    from napari_uhrnet.evaluation.comparison.comparison import Comparison
    from napari_uhrnet.evaluation.comparison.results import Result
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.geometry.window import Window
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.scene.base import Scene

BRANCHES = ("fused", "global", "local")


@dataclass(frozen=True)
class Named:
    """What ``--model`` names: a mask, or a branch of a model."""

    name: str
    mask: Path | None = None
    branch: str = "fused"


def compare_to_folder(
    path: Path,
    names: Sequence[str],
    out: Path,
    *,
    truth: Path | None,
    classes: str | None,
    window: str | None,
    pixel_size_m: float | None,
    device: str,
) -> None:
    """Compare two results of a scene, write the report and print a short table.

    What can be wrong with the options is found before anything is computed.
    """
    if len(names) != 2:
        raise UserError(f"--model is given twice, for A and for B, not {len(names)} times")
    check_report_folder(out)
    numbers = None if window is None else parse_window(window)
    named = [name_of(text) for text in names]
    from napari_uhrnet.datasets.class_tables import find_class_table
    from napari_uhrnet.engine.segment import check_window
    from napari_uhrnet.evaluation.comparison.compare import compare, run_to_end

    with opened(path, pixel_size_m) as scene, ExitStack() as stack:
        place = check_window(scene, numbers)
        table = None if classes is None else find_class_table(classes)
        sources = _Sources(scene, place, table, device, stack)
        right = None if truth is None else sources.mask(truth)
        a, b = sources.results(named)
        size_m = scene.pixel_size_m
        with ProgressLine("comparing") as line:
            steps = compare(a, b, table, truth=right, window=place, pixel_size_m=size_m)
            found, regions = run_to_end(steps, line.share)
        write_report(out, found, regions, scene, datetime.now())
    sources.trim()
    for text in summary(found):
        say(text)
    say(f"written to {out / PAGE}")


def name_of(text: str) -> Named:
    """What a ``--model`` means; UserError if there is no such model or file."""
    from napari_uhrnet.models.registry import list_models

    registered = {entry.name for entry in list_models()}
    if text in registered or Path(text).exists():
        return Named(text, Path(text) if _is_mask(text, registered) else None)
    head, _, branch = text.rpartition(":")
    if head in registered or (head and Path(head).exists()):
        if branch not in BRANCHES:
            raise UserError(f"--model {text}: choose the branch {', '.join(BRANCHES)}")
        if _is_mask(head, registered):
            raise UserError(f"--model {text}: a mask has no branches: give the file alone")
        return Named(head, branch=branch)
    raise UserError(
        f"--model {text}: neither the name of a model nor a checkpoint nor a mask: "
        "`napari-uhrnet models` lists the models"
    )


def _is_mask(text: str, registered: set[str]) -> bool:
    """Whether an existing path holds labels, not weights."""
    path = Path(text)
    weights = path.suffix.lower() in (".safetensors", ".pth") or any(path.glob("*.pth"))
    return text not in registered and not weights


@dataclass
class _Sources:
    """Opens results; each model is loaded and segments once for all of its branches."""

    scene: Scene
    window: Window
    table: ClassTable | None
    device: str
    stack: ExitStack
    loaded: dict[str, LoadedModel] = field(default_factory=dict)
    segmented: dict[str, Segmentation] = field(default_factory=dict)

    def results(self, named: Sequence[Named]) -> list[Result]:
        """One result for each name; masks and models are all checked before one segments."""
        from napari_uhrnet.evaluation.comparison.results import branch_result

        masks = {n.mask: self.mask(n.mask) for n in named if n.mask is not None}
        for n in named:
            if n.mask is None:
                self._check_model(n)
        return [
            branch_result(self._segmentation(n.name), n.branch) if n.mask is None else masks[n.mask]
            for n in named
        ]

    def mask(self, path: Path) -> Result:
        """A mask by the class table that was named, else by that of its own folder."""
        from napari_uhrnet.datasets.class_tables import find_class_table
        from napari_uhrnet.evaluation.comparison.results import opened_mask

        table = self.table or find_class_table(None, path.parent)
        return _fitting(self.stack.enter_context(opened_mask(path, table)), self.scene)

    def trim(self) -> None:
        """Keep the cache small, without deleting what was just computed."""
        if self.segmented:
            from napari_uhrnet.resources import cache_root
            from napari_uhrnet.store.files.cache import trim

            trim(cache_root(), keep=[done.store.folder for done in self.segmented.values()])

    def _check_model(self, named: Named) -> None:
        from napari_uhrnet.models.registry import load_model

        if named.name not in self.loaded:
            self.loaded[named.name] = load_model(named.name, self.device)
        branches = self.loaded[named.name].branches
        if named.branch not in branches:
            raise UserError(
                f"model {named.name} has no branch {named.branch!r}: choose {', '.join(branches)}"
            )

    def _segmentation(self, name: str) -> Segmentation:
        from napari_uhrnet.engine.segment import segmented
        from napari_uhrnet.resources import cache_root

        if name not in self.segmented:
            model = self.loaded[name]
            with ProgressLine(f"segmenting with {model.name}") as line:
                self._say_assumed_size(model, line)

                def show(progress: Progress) -> None:
                    line.patches(
                        progress.patches_done, progress.patches_total, progress.seconds_left
                    )
                    if progress.message:
                        line.note(progress.message)

                self.segmented[name] = self.stack.enter_context(
                    segmented(
                        self.scene, model, self.window, store_root=cache_root(), progress=show
                    )
                )
        return self.segmented[name]

    def _say_assumed_size(self, model: LoadedModel, line: ProgressLine) -> None:
        if self.scene.pixel_size_m is None:
            line.note(
                f"{self.scene.name} does not say its pixel size; {model.name} assumes its "
                f"{model.card.pixel_size_m:g} m, set it with --pixel-size"
            )


def _fitting(mask: Result, scene: Scene) -> Result:
    """The mask itself; UserError unless it lies on the scene."""
    from napari_uhrnet.scene.places import Grid, check_place

    check_place(mask.grid, Grid.of(scene.name, scene.picture))
    return mask


def summary(found: Comparison) -> list[str]:
    """The lines that are printed: titles, agreement, and a line for each class."""
    lines = [f"A: {found.a.title}", f"B: {found.b.title}", f"agreement {found.agreement:.1%}"]
    width = max(len("pixel accuracy"), *map(len, found.names))
    head = f"{'class':<{width}}  {'IoU A,B':>8}  {'area A':>8}  {'area B':>8}"
    total = max(1, found.area.window.area_px)
    rows = [
        f"{n:<{width}}  {found.iou[n]:8.3f}  {v.a_px / total:8.1%}  {v.b_px / total:8.1%}"
        for n, v in found.areas.items()
    ]
    if found.scores is None:
        return [*lines, head, *rows]
    a, b = found.scores
    head += f"  {'A, ground truth':>15}  {'B, ground truth':>15}"
    rows = [
        f"{row}  {a.iou[n]:15.3f}  {b.iou[n]:15.3f}"
        for row, n in zip(rows, found.names, strict=True)
    ]
    gap = " " * 32
    rows += [
        f"{text:<{width}}{gap}{x:15.3f}  {y:15.3f}"
        for text, x, y in (
            ("mean IoU", a.miou, b.miou),
            ("pixel accuracy", a.accuracy, b.accuracy),
        )
    ]
    return [*lines, head, *rows]

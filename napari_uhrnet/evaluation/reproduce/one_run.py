"""One run of a reproduction: a row's network, trained and scored with one seed, in its folder."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.reproduce.controls import averaged_branches
from napari_uhrnet.evaluation.reproduce.counts import read_counts, write_counts
from napari_uhrnet.evaluation.reproduce.rows import AVERAGE, stages_of
from napari_uhrnet.evaluation.reproduce.settings import CLASSES, TRAIN_PART
from napari_uhrnet.evaluation.reproduce.start import make_start
from napari_uhrnet.evaluation.scoring.evaluate import Settings, evaluate
from napari_uhrnet.evaluation.scoring.score_files import write_json
from napari_uhrnet.evaluation.scoring.scores import all_scores
from napari_uhrnet.models.base.checkpoint import card_path, read_card
from napari_uhrnet.models.registry import load_model
from napari_uhrnet.store.files.disk import disk_errors, write_whole
from napari_uhrnet.strict_json import read_object
from napari_uhrnet.training.loop.fit import STATE, FitConfig
from napari_uhrnet.training.run.config import TrainConfig
from napari_uhrnet.training.run.config_file import CONFIG, check_same, load_config, new_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_uhrnet.evaluation.reproduce.rows import Row, Scale
    from napari_uhrnet.evaluation.reproduce.settings import ReproduceData, ReproduceSettings
    from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.training.loop.trainer import Progress

START = "start.safetensors"
LAST = "last.safetensors"
SCORES = "scores.json"
SECONDS = "seconds.json"
OTHER_VIEWS = 1000
"""Added to the seed where fusions are trained: so that they see other views than the branches."""


class Reporter(Protocol):
    """Gets the progress of a reproduction."""

    def run(self, number: int, count: int, title: str) -> None:
        """A run starts or resumes."""
        ...

    def note(self, message: str) -> None:
        """A remark for the user."""
        ...

    def step(self, step: int, steps: int, loss: float, seconds: float) -> None:
        """A training step was done, of so many; ``seconds`` are those of one."""
        ...

    def scored(self, share: float) -> None:
        """The share of the scenes that is scored."""
        ...


def run_folder(out: Path, name: str, seed: int) -> Path:
    """Where a run is kept."""
    return out / name / f"seed{seed}"


def is_finished(folder: Path, row: Row) -> bool:
    """Whether a run was trained and, if its row is, scored."""
    if not row.scored:
        return card_path(folder / LAST).exists() and not (folder / STATE).exists()
    return (folder / SCORES).exists()


def read_scores(folder: Path) -> dict[str, Any]:
    """The scores of a finished run, as of `scores.all_scores`."""
    return _read(folder / SCORES)


def read_seconds(folder: Path) -> dict[str, float]:
    """Measured seconds of "training" and of "scoring", over all starts."""
    path = folder / SECONDS
    known = _read(path) if path.exists() else {}
    return {"training": 0.0, "scoring": 0.0, **known}


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_object(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}): delete it") from None


def finish_run(
    out: Path,
    row: Row,
    seed: int,
    scale: Scale,
    settings: ReproduceSettings,
    data: ReproduceData,
    report: Reporter,
) -> bool:
    """Train and score what is left of a run; False if somebody stopped it.

    The run of its branches is done. Raises UserError.
    """
    folder = run_folder(out, row.run, seed)
    if row.run == AVERAGE:
        with disk_errors(folder, "the run folder", "choose another --out"):
            folder.mkdir(parents=True, exist_ok=True)
        trained = load_model(run_folder(out, row.of, seed) / LAST)
        _score(folder, averaged_branches(trained), settings, data, report)
        return True
    config = _train_config(out, row, seed, scale, settings, data, report)
    if not _is_trained(folder, config) and not _train(folder, config, report):
        return False
    if row.scored:
        _score(folder, load_model(folder / LAST), settings, data, report)
    # Some gigabytes at the paper's size; what it was needed for is done.
    (folder / STATE).unlink(missing_ok=True)
    return True


def _train_config(
    out: Path,
    row: Row,
    seed: int,
    scale: Scale,
    settings: ReproduceSettings,
    data: ReproduceData,
    report: Reporter,
) -> TrainConfig:
    """The settings of a run; UserError if it was started with others."""
    assert row.config is not None
    folder = run_folder(out, row.run, seed)
    branches = run_folder(out, row.branches.run, seed) / LAST if row.branches else None
    make_start(
        folder / START, row.config, data.table, scale.pixel_size_m, seed, report.note, branches
    )
    stages = stages_of(scale, row, settings.steps)
    asked = {
        "warmup_steps": _warmup(sum(stage["steps"] for stage in stages)),
        "crop_px": 2 * scale.uhrnet.patch_px,
        **scale.settings,
        "data": [found.model_dump() for found in settings.data],
        "split": settings.split,
        "train_part": TRAIN_PART,
        "val_part": data.val_part,
        "stages": stages,
        "seed": seed if row.branches is None else seed + OTHER_VIEWS,
        "validate_every_steps": settings.steps,
        "validation_views": 1,
        "pictures": 0,
    }
    if (folder / CONFIG).exists():
        check_same(folder, load_config(TrainConfig, folder), asked)
    # Not compared: a folder may be moved, where these files lie is no setting.
    places = {"start": folder / START, "classes": out / CLASSES}
    asked |= {name: str(path.resolve()) for name, path in places.items()}
    return new_config(TrainConfig, asked)


def _warmup(steps: int) -> int:
    """Steps of a run in which the rates rise: a tenth of short ones."""
    return min(FitConfig.warmup_steps, max(1, steps // 10))


def _is_trained(folder: Path, config: TrainConfig) -> bool:
    last = folder / LAST
    return card_path(last).exists() and read_card(last).training.get("step") == config.steps


def _train(folder: Path, config: TrainConfig, report: Reporter) -> bool:
    from napari_uhrnet.training.run.run import train

    return train(config, folder, lambda: _watch(folder, config, report))


@contextmanager
def _watch(folder: Path, config: TrainConfig, report: Reporter) -> Iterator[_Watch]:
    watch = _Watch(folder, config.save_every_steps, report)
    yield watch
    watch.keep()


class _Watch:
    """Passes on the progress of training, and counts its seconds.

    They are written when the state is, so that those of steps that a kill undid do not count.
    """

    def __init__(self, folder: Path, every_steps: int, report: Reporter) -> None:
        self._folder, self._every, self._report = folder, every_steps, report
        self._seconds = read_seconds(folder)
        self._before, self._mean = time.monotonic(), 0.0

    def note(self, message: str) -> None:
        """A remark for the user."""
        self._report.note(message)

    def step(self, progress: Progress, steps: int) -> None:
        """A step was done."""
        spent = self._count()
        self._mean = 0.9 * self._mean + 0.1 * spent if self._mean else spent
        if progress.step % self._every == 0 or progress.step == steps:
            self.keep()
        self._report.step(progress.step, steps, progress.loss, self._mean)

    def keep(self) -> None:
        """Write the seconds."""
        self._count()
        _write_seconds(self._folder, self._seconds)

    def _count(self) -> float:
        now = time.monotonic()
        spent, self._before = now - self._before, now
        self._seconds["training"] += spent
        return spent


def _write_seconds(folder: Path, seconds: dict[str, float]) -> None:
    with disk_errors(folder, "the run", "choose another --out"):
        write_whole(folder / SECONDS, (json.dumps(seconds) + "\n").encode())


def _score(
    folder: Path,
    model: LoadedModel,
    settings: ReproduceSettings,
    data: ReproduceData,
    report: Reporter,
) -> None:
    """Score the scenes that are left, one after the other; the scores are written at the end."""
    rules = Settings(settings.unknown)
    done = {scene.pair: scene for scene in read_counts(folder, data.pairs)}
    left = [pair for pair in data.pairs if pair not in done]
    seconds, before = read_seconds(folder), time.monotonic()

    def advance(_: TruthPair, part: int, whole: int) -> None:
        report.scored((len(done) + part / max(1, whole)) / len(data.pairs))

    for found in evaluate(left, model, data.table, rules, advance):
        done[found.counts.pair] = found.counts
        now = time.monotonic()
        seconds["scoring"], before = seconds["scoring"] + now - before, now
        write_counts(folder, done.values())
        _write_seconds(folder, seconds)
    scenes = [done[pair] for pair in data.pairs]
    write_json(folder / SCORES, all_scores(scenes, model, data.table, rules))

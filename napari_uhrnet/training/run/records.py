"""What a run leaves in its folder: checkpoints, scores, curves, pictures, TensorBoard's logs."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from napari_uhrnet.extras import has
from napari_uhrnet.models.base.checkpoint import Card, card_path, read_card, save_checkpoint
from napari_uhrnet.store.files.disk import disk_errors
from napari_uhrnet.training.loop.fit import STATE
from napari_uhrnet.training.loop.log import StepLog
from napari_uhrnet.training.loop.state import read_state, steps_done
from napari_uhrnet.training.loop.trainer import Progress
from napari_uhrnet.training.loop.validate import prediction, score, spread_places
from napari_uhrnet.training.run.drawings import draw_curves, draw_views
from napari_uhrnet.training.run.setup import architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from napari_uhrnet.geometry.metrics import Scores
    from napari_uhrnet.training.run.config import TrainConfig
    from napari_uhrnet.training.run.setup import Setup


LAST = "last.safetensors"


class Records:
    """Writes what a run leaves, after every step what is due; the first process has one.

    ``last.safetensors`` and ``best.safetensors`` (by mIoU of the validation views, if there are
    any) hold the running average of the weights, each with its card. ``note`` is called with what
    is left out, where the library that draws curves or writes TensorBoard's logs is not installed.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainConfig,
        setup: Setup,
        device: torch.device,
        note: Callable[[str], None],
    ) -> None:
        self.folder, self.config, self.setup, self.device = folder, config, setup, device
        done = steps_done(folder / STATE)
        columns = ("step", "miou", "accuracy", *(c.name for c in setup.classes.classes))
        self._scores = StepLog(folder / "scores.csv", done, columns)
        self._events = _events(folder, done, note)
        self._curves = has("matplotlib", "report", "drawing curves.png", note)
        side = setup.network.frame_px
        self._val = spread_places(setup.val, side, config.validation_views) if setup.val else []
        self._shown = spread_places(setup.val or setup.train, side, config.pictures)
        self._best = self._best_before()

    def after(self, progress: Progress, *, stopping: bool) -> None:
        """Write what is due after a step; the last checkpoint at the end, too."""
        for name, value in {"loss": progress.loss, **progress.branches}.items():
            if self._events is not None:
                self._events.add_scalar(f"loss/{name}", value, progress.step)
        at_end = progress.step == self.config.steps
        due = at_end or progress.step % self.config.validate_every_steps == 0
        if due or stopping:
            self._write(progress, due)

    def complete(self) -> None:
        """Write the last checkpoint of a run that was killed after its last step."""
        path = self.folder / LAST
        if card_path(path).exists() and read_card(path).training["step"] == self.config.steps:
            return
        state = read_state(self.folder / STATE, torch.device("cpu"), self.setup.network)
        self._write(Progress(self.config.steps, 0.0, {}, state["average"]), due=True)

    def close(self) -> None:
        """Write what TensorBoard's logs still hold back."""
        if self._events is not None:
            self._events.close()

    def _write(self, progress: Progress, due: bool) -> None:
        """The last checkpoint; scores and pictures only at the steps of the plan."""
        metrics: dict[str, Any] = {}
        if due:
            with _weights(self.setup.network, progress.average):
                metrics = self._validate(progress.step)
                self._draw(progress.step)
        card = self._card(progress.step, metrics)
        save_checkpoint(self.folder / LAST, progress.average, card)
        miou = metrics.get("val", {}).get("miou", -1.0)
        if miou > self._best:
            self._best = miou
            save_checkpoint(self.folder / "best.safetensors", progress.average, card)
        if self._curves:
            draw_curves(self.folder)

    def _validate(self, step: int) -> dict[str, Any]:
        if not self._val:
            return {}
        scores: Scores = score(self.setup.network, self._val, self.setup.classes, self.device)
        row = {"miou": scores.miou, "accuracy": scores.accuracy, **scores.iou}
        self._scores.add({"step": step, **row})
        if self._events is not None:
            for name, value in row.items():
                self._events.add_scalar(f"validation/{name}", value, step)
        return {"val": scores.to_dict(), "val_views": len(self._val)}

    def _draw(self, step: int) -> None:
        if not self._shown:
            return
        views = []
        for place in self._shown:
            frame = place.read()
            said = prediction(self.setup.network, frame.pixels, self.setup.classes, self.device)
            views.append((frame.pixels, frame.labels, said))
        pictures = self.folder / "pictures"
        with disk_errors(self.folder, "the run", "continue with --resume"):
            pictures.mkdir(exist_ok=True)
        draw_views(pictures / f"step_{step:06d}.png", views, self.setup.classes)

    def _card(self, step: int, metrics: dict[str, Any]) -> Card:
        setup = self.setup
        training = self.config.model_dump(mode="json")
        training["data"] = [data.folder.name for data in self.config.data]
        for key in ("classes", "split", "start"):
            if training[key] is not None:
                training[key] = Path(training[key]).name  # without the folder, which is private
        return Card(
            name=self.folder.resolve().name,
            title=f"{setup.name}, trained on {', '.join(s.name for s in setup.train)}",
            architecture=architecture(setup.network.config),
            config=setup.network.config,
            class_table=setup.classes.to_dict(),
            pixel_size_m=setup.pixel_size_m,
            terms=setup.terms,
            training={**training, "step": step, "started_from": setup.started},
            trained_on=setup.trained_on,
            metrics=metrics,
        )

    def _best_before(self) -> float:
        path = self.folder / "best.safetensors"
        if not card_path(path).exists():
            return -1.0
        return float(read_card(path).metrics["val"]["miou"])


@contextmanager
def _weights(model: Any, weights: dict[str, Tensor]) -> Iterator[None]:
    """The model predicts with other weights inside of the block."""
    own = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(weights)
    model.eval()
    try:
        yield
    finally:
        model.load_state_dict(own)


def _events(folder: Path, done: int, note: Callable[[str], None]) -> Any:
    """TensorBoard's writer; None if TensorBoard is not installed."""
    if not has("tensorboard", "train", "writing TensorBoard logs", note):
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"), purge_step=done + 1)

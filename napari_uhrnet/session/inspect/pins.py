"""Predictions of networks at points: as a sentence, and as a table of the pins."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_uhrnet import harmless
from napari_uhrnet.session.inspect import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_uhrnet.engine.inspect.point import BranchReading, Reading
    from napari_uhrnet.scene.base import Scene

MEASURES = ("entropy", "margin", "decided_by")


@dataclass(frozen=True, eq=False)
class PointPrediction:
    """The prediction of a network at a point.

    Without a ``reading``, the scene has no data there, or ``problem`` is why there is none.
    """

    model: str
    reading: Reading | None = None
    problem: str = ""


@dataclass(eq=False)
class Pin:
    """A level-0 pixel with a name, and the predictions there so far, by network.

    ``pixel_size_m`` is the one that was set when it was read, None for the scene's own.
    """

    name: str
    y: int
    x: int
    pixel_size_m: float | None = None
    predictions: dict[str, PointPrediction] = field(default_factory=dict)


def new_name(pins: Sequence[Pin]) -> str:
    """The first of "Pin 1", "Pin 2"… that is free."""
    taken = {pin.name for pin in pins}
    return next(name for k in range(1, len(pins) + 2) if (name := words.pin_name(k)) not in taken)


def sentence(reading: Reading) -> str:
    """The final prediction with its measures, in one line."""
    fused = reading.branches["fused"]
    name = reading.classes.names[fused.class_id]
    return words.prediction(name, fused.confidence, reading.decided_by, fused.margin, fused.entropy)


def likeliest(reading: Reading, most: int) -> list[int]:
    """Channels in the order of the class table; of many classes, those likeliest to any branch."""
    highest = np.max([b.probabilities for b in reading.branches.values()], axis=0)
    return sorted(int(k) for k in np.argsort(-highest, kind="stable")[:most])


def pins_csv(pins: Sequence[Pin], scene: Scene) -> str:
    """A row for each pin, network and branch.

    Columns: pin, y_px, x_px (level-0 row and column), world_x and world_y of the pixel's centre if
    the scene has a CRS, model, branch, class, ``p_`` and its name for each class (empty where the
    network does not have it), entropy, margin, decided_by. Where the scene has no data, a network
    has one row without numbers.
    """
    predictions = [
        (pin, predictions)
        for pin in pins
        for predictions in pin.predictions.values()
        if not predictions.problem
    ]
    names = _class_names([predictions for _, predictions in predictions])
    is_placed = scene.crs is not None and scene.transform is not None
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    place = ["pin", "y_px", "x_px", *(["world_x", "world_y"] if is_placed else [])]
    columns = ["model", "branch", "class", *(f"p_{name}" for name in names), *MEASURES]
    table.writerow(harmless.row([*place, *columns]))
    for pin, prediction in predictions:
        start = [pin.name, str(pin.y), str(pin.x), *(_world(pin, scene) if is_placed else [])]
        table.writerows(
            harmless.row([*start, prediction.model, *cells])
            for cells in _rows(prediction.reading, names)
        )
    return text.getvalue()


def _class_names(predictions: list[PointPrediction]) -> list[str]:
    """The classes of all networks, each once, in the order of their tables."""
    readings = [s.reading for s in predictions if s.reading is not None]
    return list(dict.fromkeys(name for r in readings for name in r.classes.names.values()))


def _world(pin: Pin, scene: Scene) -> list[str]:
    assert scene.transform is not None
    a, b, c, d, e, f = scene.transform
    y, x = pin.y + 0.5, pin.x + 0.5
    return [f"{a * x + b * y + c:.12g}", f"{d * x + e * y + f:.12g}"]


def _rows(reading: Reading | None, names: list[str]) -> Iterator[list[str]]:
    """Branch, its class, probabilities of the named classes, and measures."""
    if reading is None:
        yield [""] * (2 + len(names) + len(MEASURES))
        return
    for name, branch in reading.branches.items():
        yield [name, *_numbers(branch, reading.classes.names, names), reading.decided_by]


def _numbers(branch: BranchReading, own: dict[int, str], names: list[str]) -> list[str]:
    shares = dict(zip(own.values(), branch.probabilities.tolist(), strict=True))
    return [
        own[branch.class_id],
        *(f"{shares[name]:.6f}" if name in shares else "" for name in names),
        f"{branch.entropy:.6f}",
        f"{branch.margin:.6f}",
    ]

"""From the settings of a run to what is trained, and on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.datasets.layouts import find_pairs
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.mapping import ClassMapping
from napari_uhrnet.models.base.config import BaselineConfig, GLNetConfig, UHRNetConfig
from napari_uhrnet.models.base.trained_on import joined
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import LoadedModel, card_of, find_entry, load_model
from napari_uhrnet.scene.made.compose import make_scene
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.training.data.frames import Frame
from napari_uhrnet.training.data.parts import find_parts
from napari_uhrnet.training.data.sampling import FrameSource, class_shares
from napari_uhrnet.training.data.sources import DiskSource, TruePair
from napari_uhrnet.training.loop.losses import Objective, class_weights
from napari_uhrnet.training.loop.stages import without_statistics
from napari_uhrnet.training.run.config import DEFAULT_MODEL
from napari_uhrnet.training.run.start import of_use, start_backbones, warm_start, with_backbone

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uhrnet.datasets.layouts import Dataset
    from napari_uhrnet.geometry.classes import ClassTable
    from napari_uhrnet.models.base.config import Config
    from napari_uhrnet.models.build import Network
    from napari_uhrnet.training.data.parts import Parts
    from napari_uhrnet.training.data.sampling import Source
    from napari_uhrnet.training.run.config import DataFolder, TrainConfig

    Note = Callable[[str], None]

MADE_SEED = 100_000
"""First seed of made scenes to train on; lower ones are for samples and tests."""
MADE_VAL_SEED = 300_000
MADE_VAL_SCENES = 4
MADE_PX = 1024


@dataclass(frozen=True)
class Setup:
    """A network and its sources; ``classes`` are its output channels, ``started`` its start.

    ``table`` holds the ignored classes, too. ``pixel_size_m`` is the scale it is trained at.
    ``learned_statistics`` names the batch norms that have none to start from. ``parts`` are the
    pairs behind the sources, ``trained_on`` a card's line of those trained on, and the start's.
    """

    network: Network
    name: str
    started: str
    table: ClassTable
    pixel_size_m: float
    train: list[Source]
    val: list[Source]
    objective: Objective
    terms: str
    learned_statistics: frozenset[str]
    parts: Parts
    trained_on: str

    @property
    def classes(self) -> ClassTable:
        """The classes that the network predicts."""
        return self.table.without_ignored()

    def close(self) -> None:
        """Release the files of the data."""
        for source in (*self.train, *self.val):
            if isinstance(source, DiskSource):
                source.close()


def prepare(config: TrainConfig, note: Note) -> Setup:
    """Find data, scale and weights; ``note`` gets what was assumed. Raises UserError."""
    first = config.data[0].folder if config.data else None
    table = find_class_table(config.classes, first)
    start = load_model(config.start, "cpu") if config.start else None
    shape = network_config(config, start, len(table.without_ignored().classes))
    datasets = [(data, find_pairs(data.folder)) for data in config.data]
    scale_m = _scale(config, start, datasets, note)
    for _, dataset in datasets:
        for problem in dataset.problems:
            note(problem)
    parts = find_parts(
        [dataset for _, dataset in datasets],
        config.split,
        config.train_part,
        config.val_part,
        config.hold_out,
        note,
    )
    train, val = _sources(config, parts, table, scale_m, shape)
    torch.manual_seed(config.seed)
    network = build_network(shape)
    started = _start(network, table.without_ignored(), start, note)
    if not any(source.counts[:, table.without_ignored().ids].any() for source in train):
        raise UserError(
            f"training: no pixel of the masks is of a class of {table.name!r}: choose --classes"
        )
    weights = class_weights(class_shares(train, table.without_ignored()))
    regularisation = shape.feature_regularisation if isinstance(shape, UHRNetConfig) else 0.0
    objective = Objective(weights, form=config.loss, feature_regularisation=regularisation)
    name = config.model or (start.card.name if start else DEFAULT_MODEL)
    terms = _terms(config, start)
    return Setup(
        network,
        name,
        started,
        table,
        scale_m,
        train,
        val,
        objective,
        terms,
        without_statistics(network),
        parts,
        joined(
            (pair.image for dataset in parts.train for pair in dataset.pairs),
            start.card.trained_on if start else "",
        ),
    )


def network_config(config: TrainConfig, start: LoadedModel | None, classes: int) -> Config:
    """The sizes of the network that is asked for."""
    if config.model is None and start is not None:
        base = start.card.config
    else:
        base = find_entry(config.model or DEFAULT_MODEL).config
    return with_backbone(base.model_copy(update={"classes": classes}), config.backbone)


def architecture(config: Config) -> Literal["uhrnet", "glnet", "baseline"]:
    """Name for the card."""
    if isinstance(config, BaselineConfig):
        return "baseline"
    return "glnet" if isinstance(config, GLNetConfig) else "uhrnet"


def _start(network: Network, classes: ClassTable, start: LoadedModel | None, note: Note) -> str:
    if start is None:
        return start_backbones(network, note)
    given = start.network.state_dict()  # type: ignore[attr-defined]
    weights = of_use(given, start.card.config, network.config)
    found = warm_start(network, classes, weights, start.classes)
    if not found:
        raise UserError(f"{start.name}: none of its layers fits the network: leave the start out")
    lacking = len(network.state_dict()) - found
    if lacking:
        note(f"{lacking} of {len(network.state_dict())} tensors are not in the start: they are new")
    new = [c.name for c in classes.classes if c.name not in start.classes.names.values()]
    if new:
        note(f"classes that the start lacks start anew: {', '.join(new)}")
    return f"{start.name} ({start.hash})"


def _scale(
    config: TrainConfig,
    start: LoadedModel | None,
    datasets: list[tuple[DataFolder, Dataset]],
    note: Note,
) -> float:
    """Metres per pixel: what was asked for, what the weights are used to, or the data's own."""
    if config.pixel_size_m:
        return config.pixel_size_m
    if start is not None:
        return start.card.pixel_size_m
    entry = find_entry(config.model or DEFAULT_MODEL)
    if entry.path is not None:
        return card_of(entry.name).pixel_size_m
    for data, dataset in datasets:
        size_m = data.pixel_size_m or _own_scale(dataset)
        if size_m:
            note(f"{entry.name} is trained at {size_m:g} m per pixel, as {data.folder.name} is")
            return size_m
    note("no pixel size is known: one metre is assumed, set it with DIR@METRES")
    return 1.0


def _own_scale(dataset: Dataset) -> float | None:
    with open_scene(dataset.pairs[0].image) as scene:
        return scene.pixel_size_m


def _sources(
    config: TrainConfig, parts: Parts, table: ClassTable, scale_m: float, shape: Config
) -> tuple[list[Source], list[Source]]:
    limit = config.cache_bytes // max(1, 2 * len(config.data))

    def on_disk(datasets: tuple[Dataset, ...]) -> list[Source]:
        found: list[Source] = []
        for data, dataset in zip(config.data, datasets, strict=True):
            pairs = [TruePair(p.image, p.mask, data.pixel_size_m) for p in dataset.pairs]
            if pairs:
                found.append(DiskSource(data.folder.name, pairs, table, scale_m, limit))
        return found

    train, val = on_disk(parts.train), on_disk(parts.val)
    side = min(MADE_PX, shape.frame_px)
    if config.made:
        train.append(_made(config.made, MADE_SEED, table, scale_m, side))
    if not config.data:
        val.append(_made(MADE_VAL_SCENES, MADE_VAL_SEED, table, scale_m, side))
    return train, val


def _made(count: int, seed: int, table: ClassTable, scale_m: float, side_px: int) -> FrameSource:
    mapping = ClassMapping(find_class_table("deepglobe"), table)
    frames = []
    for k in range(count):
        made = make_scene(seed + k, side_px, scale_m)
        frames.append(Frame(f"made {seed + k}", made.image, mapping.apply(made.labels)))
    return FrameSource("made scenes", float(count * side_px**2), frames)


def _terms(config: TrainConfig, start: LoadedModel | None) -> str:
    """The terms of the data are not known, only their names."""
    names = ", ".join(data.folder.name for data in config.data)
    own = f"The terms of the data it was trained on apply ({names})." if names else ""
    return " ".join(part for part in (start.card.terms if start else "", own) if part) or "none"

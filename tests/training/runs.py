"""Small data sets on disk, and settings that train a tiny network on them."""

import contextlib

import numpy as np
from PIL import Image

from napari_uhrnet.models.base.checkpoint import save_checkpoint
from napari_uhrnet.training.run.config import TrainConfig
from napari_uhrnet.training.run.config_file import new_config
from napari_uhrnet.training.run.run import train
from tests.models.tiny import CLASSES, tiny_card, tiny_network
from tests.training.made import view


def data_set(folder, count=3, size_px=150, part="train", seed=0):
    """Images of two colours with masks in the colours of the tiny class table."""
    rng = np.random.default_rng(seed)
    for kind in ("images", "masks"):
        (folder / part / kind).mkdir(parents=True, exist_ok=True)
    for k in range(count):
        pixels, labels = view(rng, size_px)
        image = Image.fromarray(pixels.astype(np.uint8))
        image.save(folder / part / "images" / f"{part}{k}.png")
        mask = Image.fromarray(CLASSES.palette[labels])
        mask.save(folder / part / "masks" / f"{part}{k}.png")
    return folder


def tiny_checkpoint(folder, seed=0, **changes):
    folder.mkdir(exist_ok=True)
    path = folder / "tiny.safetensors"
    save_checkpoint(path, tiny_network(seed).state_dict(), tiny_card().model_copy(update=changes))
    return path


def class_file(folder):
    import json

    path = folder / "tiny_classes.json"
    path.write_text(json.dumps(CLASSES.to_dict()))
    return path


def settings(tmp_path, **changes):
    """Of a short run on a made data set with a train and a val part."""
    data = tmp_path / "data"
    if not data.exists():
        data_set(data)
        data_set(data, count=2, part="val", seed=1)
    base = {
        "data": [{"folder": data, "pixel_size_m": 2.0}],
        "classes": str(class_file(tmp_path)),
        "start": str(tiny_checkpoint(tmp_path)),
        "stages": [{"name": "joint", "steps": 6}],
        "crop_px": 96,
        "crops": 2,
        "warmup_steps": 2,
        "save_every_steps": 2,
        "validate_every_steps": 3,
        "accelerator": "cpu",
    }
    return base | changes


class Watcher:
    """Remembers all reports; stops or breaks at a step."""

    def __init__(self, at=None, action=None):
        self.notes, self.steps = [], []
        self._at, self._action = at, action

    def note(self, message):
        self.notes.append(message)

    def step(self, progress, steps):
        self.steps.append(progress.step)
        if progress.step == self._at:
            self._action()


def run(folder, config, at=None, action=None):
    """Whether it was done, and the watcher."""
    watcher = Watcher(at, action)
    if isinstance(config, dict):
        config = new_config(TrainConfig, config)
    return train(config, folder, lambda: contextlib.nullcontext(watcher)), watcher

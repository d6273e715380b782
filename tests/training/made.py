"""Things to learn from, and a short run on them."""

import numpy as np
import torch

from napari_uhrnet.models.base.config import BaselineConfig, GLNetConfig
from napari_uhrnet.models.baselines import BASELINES
from napari_uhrnet.models.build import build_network
from napari_uhrnet.training.loop.fit import FitConfig, fit
from napari_uhrnet.training.loop.losses import Objective
from tests.models.tiny import CLASSES, TINY, tiny_network
from tests.models.tiny_baselines import TINY as TINY_BASELINES

CONFIG = FitConfig(steps=6, warmup_steps=2, save_every_steps=2, precision="32-true")


def objective(**changes):
    return Objective(torch.ones(len(CLASSES.classes)), **changes)


def view(rng, size_px=96):
    """Left and right halves in the colour of their class; where, is random."""
    at = int(rng.integers(size_px // 5, size_px * 4 // 5))
    labels = np.full((size_px, size_px), 1, np.uint16)
    labels[:, at:] = 5
    pixels = np.where(labels[..., None] == 1, 60, 190).astype(np.float32).repeat(3, axis=2)
    return pixels, labels


def draw(rng):
    return [view(rng), view(rng)]


def run(folder, config=CONFIG, steps=None, network=None, draw=draw):
    """Train a tiny network, up to some step if given; the network and its progress."""
    network = network or tiny_network()
    done = []
    steps_of = fit(network, draw, CLASSES, objective(), config, folder)
    for progress in steps_of:
        done.append(progress)
        if progress.step == steps:
            steps_of.close()
    return network, done


def glnet(mode):
    torch.manual_seed(0)
    config = GLNetConfig(
        mode=mode, backbone="lcnet_035", width=8, size_px=64, frame_px=160, classes=3
    )
    network = build_network(config).eval()
    torch.nn.init.normal_(network.network.ensemble_conv.weight)
    torch.nn.init.zeros_(network.network.ensemble_conv.bias)  # else one class wins everywhere
    return network


def baseline(name="unet", regime="patches"):
    assert name in BASELINES
    torch.manual_seed(0)
    config = BaselineConfig(
        baseline=name,
        regime=regime,
        size=TINY_BASELINES[name],
        frame_px=160,
        patch_px=64,
        min_overlap_px=16,
        frame_shrink=2,
        classes=3,
    )
    return build_network(config).eval()


def network_of(kind):
    """A tiny network of every kind that training knows."""
    if kind.startswith("glnet"):
        return glnet(int(kind[-1]))
    if kind.startswith("unet"):
        return baseline("unet", kind.removeprefix("unet-"))
    changes = {
        "uhrnet": {},
        "into-frame": {"readout": "into_frame"},
        "regularised": {"feature_regularisation": 0.15},
        "global": {"use_local": False},
        "local": {"use_global": False},
    }[kind]
    return tiny_network(config=TINY.model_copy(update=changes))


def same_weights(a, b):
    a, b = a.state_dict(), b.state_dict()
    return list(a) == list(b) and all(torch.equal(a[key], b[key]) for key in a)

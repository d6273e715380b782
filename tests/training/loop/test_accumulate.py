"""Gradients do not depend on how many patches are processed at a time."""

import numpy as np
import pytest
import torch

from napari_uhrnet.training.loop.accumulate import accumulate
from tests.training.made import network_of, objective

KINDS = [
    "uhrnet",
    "into-frame",
    "regularised",
    "global",
    "local",
    "glnet1",
    "glnet2",
    "glnet3",
    "unet-patches",
    "unet-downsampled",
]


def _batch():
    rng = np.random.default_rng(1)
    frames = torch.from_numpy(rng.uniform(0, 255, (2, 3, 110, 130)).astype(np.float32))
    labels = torch.from_numpy(rng.integers(0, 3, (2, 110, 130)))
    labels[:, :20] = 255
    labels[1, 40:50] = 129
    return frames, labels


def _gradients(kind, count):
    network = network_of(kind)
    # GLNet makes frames small in single precision, as its authors do.
    dtype = torch.float32 if kind.startswith("glnet") else torch.float64
    network = network.to(dtype)
    weight = getattr(getattr(network, "config", None), "feature_regularisation", 0.0)
    frames, labels = _batch()
    said = accumulate(
        network,
        frames.to(dtype),
        labels,
        objective(feature_regularisation=weight, loss_stride_px=1),
        patches_at_once=count,
    )
    return said, {n: p.grad for n, p in network.named_parameters()}


@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_patches_gives_the_same_gradients(kind):
    said, whole = _gradients(kind, None)
    assert sum(g is not None and bool(g.any()) for g in whole.values()) > 20
    tolerance = 2e-3 if kind.startswith("glnet") else 1e-6
    largest = max(float(g.abs().max()) for g in whole.values() if g is not None)
    for count in (1, 5):
        again, parts = _gradients(kind, count)
        assert again == pytest.approx(said, rel=1e-5)
        for name, grad in whole.items():
            other = parts[name]
            assert (grad is None) == (other is None), name
            if grad is not None:
                # Some parts hardly matter: their gradients are all rounding.
                scale = max(float(grad.abs().max()), 1e-3 * largest)
                assert float((grad - other).abs().max()) < tolerance * scale, name


def test_a_loss_is_that_of_all_labelled_pixels_of_all_patches():
    """Two frames, one without any truth: the mean is over what has a truth."""
    frames, labels = _batch()
    labels[1] = 255
    said = accumulate(network_of("uhrnet"), frames, labels, objective())
    alone = accumulate(network_of("uhrnet"), frames[:1], labels[:1], objective())
    assert said["fused"] == pytest.approx(alone["fused"], rel=1e-4)


def test_regularisation_is_said_and_counted():
    said, _ = _gradients("regularised", 4)
    others = said["global"] + said["local"]
    assert said["distance"] > 0
    assert said["total"] == pytest.approx(said["fused"] + 0.5 * others + 0.15 * said["distance"])


def test_processes_divide_by_their_mean_weight():
    frames, labels = _batch()
    network = network_of("uhrnet")
    whole = accumulate(network, frames, labels, objective())
    halved = accumulate(network, frames, labels, objective(), joint=lambda weight: 2 * weight)
    assert halved["total"] == pytest.approx(whole["total"] / 2, rel=1e-5)


def test_a_batch_without_truth_has_no_gradient():
    network = network_of("uhrnet")
    frames, labels = _batch()
    said = accumulate(network, frames, torch.full_like(labels, 255), objective())
    assert said["total"] == 0.0
    assert not any(p.grad.any() for p in network.parameters() if p.grad is not None)

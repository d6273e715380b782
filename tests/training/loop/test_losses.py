"""The losses, against torch's own and by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from napari_uhrnet.training.loop.losses import ANYTHING_BUT, Objective, class_weights

WEIGHTS = torch.tensor([0.5, 2.0, 1.5])


def _case(seed=0, size=12):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(2, 3, size, size, generator=generator)
    truth = torch.randint(0, 3, (2, size, size), generator=generator)
    truth[:, :4] = 255
    return logits, truth


def _mean(objective, logits, truth):
    return (objective.sums({"fused": logits}, truth)["fused"] / objective.weight_of(truth)).item()


@pytest.mark.parametrize("stride", [1, 2])
def test_cross_entropy_is_torchs_weighted_mean_without_what_has_no_truth(stride):
    logits, labels = _case(size=12)
    objective = Objective(WEIGHTS, loss_stride_px=stride)
    truth = objective.truth_of(list(labels), 12)
    assert truth.shape == (2, 12 // stride, 12 // stride)
    size = truth.shape[1:]
    at_stride = F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    expected = F.cross_entropy(
        at_stride, labels[:, ::stride, ::stride], WEIGHTS, ignore_index=255
    ).item()
    assert _mean(objective, logits, truth) == pytest.approx(expected, rel=1e-5)


def test_coarse_logits_are_looked_at_between_their_cells():
    logits, truth = torch.randn(1, 3, 4, 4), _case(size=16)[1][:1]
    full = F.interpolate(logits, size=(16, 16), mode="bilinear", align_corners=False)
    expected = F.cross_entropy(full, truth, WEIGHTS, ignore_index=255).item()
    objective = Objective(WEIGHTS, loss_stride_px=1)
    assert _mean(objective, logits, truth) == pytest.approx(expected, rel=1e-5)


def test_patches_that_reach_past_the_frame_have_no_truth_there():
    truth = Objective(WEIGHTS).truth_of([torch.ones(5, 8, dtype=torch.int64)], 12)
    assert truth.shape == (1, 6, 6)
    assert (truth[0, :3, :4] == 1).all()
    assert (truth[0, 3:] == 255).all() and (truth[0, :, 4:] == 255).all()


def test_what_a_pixel_is_not_by_hand():
    logits = torch.tensor([0.3, -1.2, 2.0]).view(1, 3, 1, 1)
    truth = torch.full((1, 1, 1), ANYTHING_BUT + 1)
    p = logits.softmax(dim=1)[0, 1, 0, 0]
    objective = Objective(WEIGHTS, loss_stride_px=1)
    assert _mean(objective, logits, truth) == pytest.approx(-torch.log(1 - p).item(), rel=1e-5)
    assert objective.weight_of(truth).item() == 1.0


def test_what_a_pixel_is_not_stays_finite_when_it_is_said_to_be_it():
    logits = torch.tensor([0.0, 200.0, 0.0]).view(1, 3, 1, 1).requires_grad_()
    truth = torch.full((1, 1, 1), ANYTHING_BUT + 1)
    loss = Objective(WEIGHTS, loss_stride_px=1).sums({"fused": logits}, truth)["fused"]
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("gamma", [0.0, 1.0, 3.0])
def test_focal_loss_by_hand(gamma):
    logits = torch.tensor([0.3, -1.2, 2.0]).view(1, 3, 1, 1)
    p = logits.softmax(dim=1)[0, 0, 0, 0].item()
    objective = Objective(WEIGHTS, form="focal", focal_gamma=gamma, loss_stride_px=1)
    expected = -((1 - p) ** gamma) * np.log(p)
    truth = torch.zeros((1, 1, 1), dtype=torch.int64)
    assert _mean(objective, logits, truth) == pytest.approx(expected, rel=1e-5)


def test_the_other_branches_count_less():
    objective = Objective(WEIGHTS, auxiliary_weight=0.25)
    losses = {"fused": torch.tensor(3.0), "global": torch.tensor(1.0), "local": torch.tensor(2.0)}
    assert objective.total(losses).item() == pytest.approx(3.75)
    assert objective.total({"fused": torch.tensor(3.0)}).item() == 3.0


def test_rare_classes_weigh_more_but_not_without_end():
    shares = np.array([0.8, 0.19, 0.01, 0.0])
    weights = class_weights(shares).numpy()
    assert (np.diff(weights) >= 0).all() and weights.max() == 3.0
    assert weights[1] / weights[0] == pytest.approx(np.sqrt(0.8 / 0.19), rel=1e-5)

"""The six baselines: the registry, sizes, gradients, parameter counts."""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.baselines import BASELINES, find_baseline
from napari_uhrnet.models.baselines.icnet import AUXILIARY_WEIGHTS
from napari_uhrnet.models.registry import list_models
from tests.hidden import hide_extras
from tests.models.tiny_baselines import TINY, image, tiny

ALL = pytest.mark.parametrize("name", TINY)


def test_the_registry_is_the_papers_table():
    titles = [entry.title for entry in BASELINES.values()]
    assert titles == ["ICNet", "U-Net", "PSPNet", "SegNet", "FCN-8s", "DeepLabv3+"]
    assert find_baseline("segnet") is BASELINES["segnet"]
    with pytest.raises(UserError, match="choose one of icnet, unet"):
        find_baseline("alexnet")


def test_without_the_extra_two_baselines_say_what_they_need_and_all_are_listed(monkeypatch):
    hide_extras(monkeypatch)
    for name, entry in BASELINES.items():
        if name in ("pspnet", "deeplabv3plus"):
            with pytest.raises(UserError, match=rf"{re.escape(entry.title)} needs the extra repr"):
                tiny(name)
        else:
            tiny(name)
    listed = {entry.name: entry.parameters for entry in list_models()}
    assert listed["deeplabv3plus-patches"] > 45e6


def test_the_registry_is_read_without_torch():
    code = "import sys, napari_uhrnet.models.baselines; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@ALL
@pytest.mark.parametrize("classes", [3, 7])
def test_an_image_gives_logits_of_its_size(name, classes):
    with torch.inference_mode():
        logits = tiny(name, classes)(image(300, 500))
    assert logits.shape == (1, classes, 300, 500)
    assert logits.isfinite().all()
    assert (logits.std(dim=(2, 3)) > 0).all()


@ALL
@pytest.mark.parametrize("shape_yx", [(1, 1), (33, 65), (47, 20)])
def test_odd_sizes_are_padded_by_reflection_and_cropped(name, shape_yx):
    network, pixels = tiny(name), image(*shape_yx)
    missing = [(0, -n % network.size_multiple) for n in shape_yx]
    padded = torch.from_numpy(np.pad(pixels, [(0, 0), (0, 0), *missing], mode="reflect"))
    with torch.inference_mode():
        logits = network(pixels)
        expected = network(padded)[..., : shape_yx[0], : shape_yx[1]]
    assert logits.shape == (1, 3, *shape_yx)
    torch.testing.assert_close(logits, expected)


@ALL
def test_pixels_are_normalised_by_imagenets_mean_and_deviation(name):
    network, seen = tiny(name), {}
    network.logits = lambda x: seen.update(x=x) or x
    network(torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1).expand(1, 3, 64, 64) * 255)
    torch.testing.assert_close(seen["x"], torch.zeros(1, 3, 64, 64), rtol=0, atol=1e-5)
    network(torch.tensor([0.485, 0.0, 0.406 + 0.225]).view(1, 3, 1, 1).expand(1, 3, 64, 64) * 255)
    expected = torch.tensor([0, -0.456 / 0.224, 1])
    torch.testing.assert_close(seen["x"][0, :, 5, 7], expected, rtol=1e-4, atol=1e-5)


@ALL
def test_gradients_reach_every_parameter(name):
    network = tiny(name)
    logits, auxiliary = network.forward_with_auxiliary(image(192, 256))
    sum(v.square().mean() for v in (logits, *auxiliary)).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@ALL
def test_a_training_step_of_two_images_lowers_the_loss(name):
    network = tiny(name).train()
    pixels = image(64, 64, count=2)
    labels = (pixels[:, 0] > 128).long()
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)

    def loss():
        torch.manual_seed(0)  # the same dropout each time
        return nn.functional.cross_entropy(network(pixels), labels)

    before = loss()
    for _ in range(8):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
    assert loss() < before


@ALL
def test_a_state_dict_goes_round(name):
    ours, other = tiny(name), tiny(name, seed=1)
    pixels = image(64, 96)
    with torch.inference_mode():
        assert not torch.equal(ours(pixels), other(pixels))
        other.load_state_dict(ours.state_dict())
        assert torch.equal(ours(pixels), other(pixels))
    assert not {"mean", "std"} & set(ours.state_dict())


@ALL
def test_only_icnet_has_auxiliary_logits(name):
    network, pixels = tiny(name), image(50, 70)
    with torch.inference_mode():
        logits, auxiliary = network.forward_with_auxiliary(pixels)
        assert torch.equal(logits, network(pixels))
    assert len(auxiliary) == (len(AUXILIARY_WEIGHTS) if name == "icnet" else 0)
    assert all(a.shape == logits.shape for a in auxiliary)


# --- parameter counts ---


@pytest.mark.parametrize("name", ["segnet", "fcn8s"])
def test_parameters_are_within_half_a_percent_of_the_published(name):
    entry = BASELINES[name]
    assert entry.parameters(entry.published_classes) == pytest.approx(
        entry.published_parameters, rel=0.005
    )


@pytest.mark.parametrize(
    ("name", "count"),
    # Their papers give none: these hold what was built.
    [
        ("icnet", 6_701_141),
        ("unet", 31_032_135),
        ("pspnet", 48_828_487),
        ("deeplabv3plus", 45_671_255),
    ],
)
def test_parameters_where_the_paper_gives_none(name, count):
    assert BASELINES[name].published_parameters is None
    assert BASELINES[name].parameters(7) == count


def test_icnet_before_its_compression_is_psp_nets_size():
    with torch.device("meta"):
        network = BASELINES["icnet"].build(19, width=64)
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(26.5e6, rel=0.01)


def test_segnets_encoder_has_the_papers_parameters():
    with torch.device("meta"):
        encoder = BASELINES["segnet"].build(11).features
    assert sum(p.numel() for p in encoder.parameters()) == pytest.approx(14.7e6, rel=0.005)


def test_unet_has_the_papers_23_convolutions_and_1024_channels():
    with torch.device("meta"):
        network = BASELINES["unet"].build(2)
    layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    assert len(layers) == 23
    assert max(layer.out_channels for layer in layers) == 1024


@pytest.mark.parametrize(("name", "theirs"), [("fcn8s", "vgg16"), ("segnet", "vgg16_bn")])
def test_the_encoders_fit_torchvisions_weights(name, theirs):
    models = pytest.importorskip("torchvision.models")
    with torch.device("meta"):
        ours = BASELINES[name].build(3).features.state_dict()
        published = getattr(models, theirs)(weights=None).features.state_dict()
    assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in published.items()}


def test_icnets_trunk_before_its_compression_fits_timms_weights():
    import timm

    with torch.device("meta"):
        ours = BASELINES["icnet"].build(3, width=64).trunk.resnet.state_dict()
        published = timm.create_model("resnet50s", num_classes=0).state_dict()
    assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in published.items()}

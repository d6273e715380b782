"""The six baselines: what defines each, sizes, gradients, parameter counts."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from napari_uhrnet.errors import UserError
from napari_uhrnet.models.baselines import BASELINES, find_baseline
from napari_uhrnet.models.baselines.fcn8s import bilinear_upsampling
from napari_uhrnet.models.baselines.icnet import AUXILIARY_WEIGHTS, CascadeFeatureFusion

TINY = {
    "icnet": {"width": 4},
    "unet": {"width": 2},
    "pspnet": {"encoder": "tu-lcnet_035", "channels": 8},
    "segnet": {"width": 2},
    "fcn8s": {"width": 2},
    "deeplabv3plus": {"encoder": "tu-lcnet_035", "channels": 8},
}
ALL = pytest.mark.parametrize("name", TINY)


def tiny(name, classes=3, seed=0):
    """Random weights, also where the network starts at zero: nothing is silent."""
    torch.manual_seed(seed)
    network = BASELINES[name].build(classes, **TINY[name]).eval()
    for p in network.parameters():
        if not p.any():
            nn.init.normal_(p, std=0.1)
    return network


def image(height, width, count=1, seed=0):
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 255


def record(module, seen, key):
    """Keep what enters and leaves a layer."""
    module.register_forward_hook(lambda _, inputs, out: seen.update({key: (inputs, out)}))


# --- every baseline ---


def test_the_registry_is_the_papers_table():
    titles = [entry.title for entry in BASELINES.values()]
    assert titles == ["ICNet", "U-Net", "PSPNet", "SegNet", "FCN-8s", "DeepLabv3+"]
    assert find_baseline("segnet") is BASELINES["segnet"]
    with pytest.raises(UserError, match="choose one of icnet, unet"):
        find_baseline("alexnet")


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


# --- FCN-8s ---


def test_fcn_starts_with_bilinear_upsampling():
    layer = bilinear_upsampling(3)
    x = torch.rand(1, 3, 6, 9)
    expected = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(layer(x)[inside], expected[inside])
    assert layer.weight.requires_grad


def test_fcn_sums_scores_at_strides_32_16_and_8():
    network, seen = tiny("fcn8s"), {}
    names = ("score_fc7", "score_pool4", "score_pool3", "upsample_fc7", "upsample_pool4")
    for name in names:
        record(getattr(network, name), seen, name)
    with torch.inference_mode():
        logits = network(image(96, 160))
    sizes = {name: tuple(seen[name][1].shape[-2:]) for name in names}
    assert sizes == {
        "score_fc7": (3, 5),
        "score_pool4": (6, 10),
        "score_pool3": (12, 20),
        "upsample_fc7": (6, 10),
        "upsample_pool4": (12, 20),
    }
    stride_16 = seen["upsample_fc7"][1] + seen["score_pool4"][1]
    assert torch.equal(seen["upsample_pool4"][0][0], stride_16)
    stride_8 = seen["upsample_pool4"][1] + seen["score_pool3"][1]
    by_8 = nn.functional.interpolate(stride_8, scale_factor=8, mode="bilinear")
    torch.testing.assert_close(logits, by_8)


def test_an_untrained_fcn_is_its_coarse_scores_enlarged():
    torch.manual_seed(0)
    network, seen = BASELINES["fcn8s"].build(3, width=2).eval(), {}
    record(network.score_fc7, seen, "coarse")
    with torch.inference_mode():
        logits = network(image(160, 160))
        stride_8 = network.upsample_pool4(network.upsample_fc7(seen["coarse"][1]))
        expected = nn.functional.interpolate(stride_8, scale_factor=8, mode="bilinear")
    assert logits.std() > 0
    torch.testing.assert_close(logits, expected)


@pytest.mark.parametrize(
    ("score", "stride_px", "reach_px"),
    # One cell becomes 4 at twice the resolution, those 10 at four times; bilinear by 8 at last.
    [("score_pool3", 8, 16), ("score_pool4", 16, (4 + 1) * 8), ("score_fc7", 32, (10 + 1) * 8)],
)
def test_fcns_scores_change_finer_detail_the_shallower_they_are(score, stride_px, reach_px):
    network, pixels = tiny("fcn8s"), image(224, 224)
    cell = 112 // stride_px

    def add_to_one_cell(_, inputs, out):
        out = out.clone()
        out[..., cell, cell] += 100
        return out

    with torch.inference_mode():
        before = network(pixels)
        getattr(network, score).register_forward_hook(add_to_one_cell)
        changed = ((network(pixels) - before).abs() > 1e-3).any(dim=1)[0]
    rows, columns = changed.any(1).nonzero(), changed.any(0).nonzero()
    centre = (cell + 0.5) * stride_px
    for found in (rows, columns):
        first, last = int(found.min()), int(found.max())
        assert (first, last + 1) == (centre - reach_px / 2, centre + reach_px / 2)


# --- SegNet ---


def test_segnet_puts_each_value_back_where_its_maximum_was():
    network, pools, unpooled = tiny("segnet"), {}, {}
    for layer in network.features:
        if isinstance(layer, nn.MaxPool2d):
            record(layer, pools, len(pools) + 1)
            pools[len(pools) + 1] = None
    for k, stage in enumerate(network.decoder):
        record(stage, unpooled, k)
    with torch.inference_mode():
        network(image(64, 96))
    pooled = [pools[k] for k in sorted(pools, reverse=True)]
    below = pooled[0][1][0]
    for k, ((pool_input,), _) in enumerate(pooled):
        (sparse,), decoded = unpooled[k]
        # The first largest of each 2 x 2 pixels, found without the pooling's indices.
        windows = nn.functional.unfold(pool_input.transpose(0, 1), 2, stride=2)
        first = windows.argmax(1, keepdim=True)
        placed = torch.zeros_like(windows).scatter_(1, first, below.reshape(first.shape))
        expected = nn.functional.fold(placed, pool_input.shape[-2:], 2, stride=2)
        assert torch.equal(sparse, expected.transpose(0, 1))
        below = decoded


def test_segnets_decoder_mirrors_its_encoder():
    with torch.device("meta"):
        network = BASELINES["segnet"].build(11)
    down = [m for m in network.features if isinstance(m, nn.Conv2d)]
    up = [m for m in network.decoder.modules() if isinstance(m, nn.Conv2d)]
    up.append(network.classifier)
    assert [(c.out_channels, c.in_channels) for c in up[:-1]] == [
        (c.in_channels, c.out_channels) for c in reversed(down[1:])
    ]
    assert (len(down), len(up)) == (13, 13)
    assert (network.classifier.in_channels, network.classifier.out_channels) == (64, 11)


# --- ICNet ---


def test_cascade_fusion_has_the_fine_features_size_and_hears_both():
    fuse = CascadeFeatureFusion(coarse=5, fine=4, channels=6).eval()
    coarse, fine = torch.rand(2, 5, 8, 12), torch.rand(2, 4, 16, 24)
    with torch.inference_mode():
        fused, enlarged = fuse(coarse, fine)
        assert (fused >= 0).all() and (fused == 0).any()
        assert not torch.equal(fuse(coarse * 0, fine)[0], fused)
        assert not torch.equal(fuse(coarse, fine * 0)[0], fused)
    assert fused.shape == (2, 6, 16, 24)
    assert enlarged.shape == (2, 5, 16, 24)


def test_icnets_branches_see_a_quarter_half_and_whole():
    network, seen = tiny("icnet"), {}
    record(network.trunk.resnet.conv1, seen, "half image")
    record(network.trunk.resnet.layer2[1], seen, "quarter")
    record(network.whole, seen, "whole")
    record(network.fuse_half, seen, "first")
    record(network.fuse_whole, seen, "second")
    with torch.inference_mode():
        network(image(128, 192))

    def size(value):
        return tuple(value.shape[-2:])

    assert size(seen["half image"][0][0]) == (64, 96)
    assert size(seen["quarter"][0][0]) == size(seen["first"][0][0]) == (4, 6)
    assert size(seen["first"][0][1]) == size(seen["second"][0][0]) == (8, 12)
    assert size(seen["whole"][0][0]) == (128, 192)
    assert size(seen["second"][0][1]) == size(seen["second"][1][0]) == (16, 24)


@pytest.mark.parametrize("branch", ["quarter", "half", "whole"])
def test_each_branch_of_icnet_changes_the_answer(branch):
    network, pixels = tiny("icnet"), image(128, 192)

    def silence(_, inputs):
        coarse, fine = inputs
        return (coarse * 0, fine) if branch == "quarter" else (coarse, fine * 0)

    with torch.inference_mode():
        before = network(pixels)
        fusion = network.fuse_whole if branch == "whole" else network.fuse_half
        fusion.register_forward_pre_hook(silence)
        after = network(pixels)
    assert not torch.equal(before, after)


def test_only_the_whole_image_branch_sees_what_halving_averages_away():
    network, seen = tiny("icnet"), {}
    record(network.fuse_half, seen, "half")
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    board = ((y + x) % 2 * 200.0).expand(1, 3, 64, 64)
    with torch.inference_mode():
        of_board, half_of_board = network(board), seen.pop("half")[1][0]
        of_grey = network(torch.full_like(board, 100.0))
    torch.testing.assert_close(half_of_board, seen["half"][1][0], rtol=1e-4, atol=1e-4)
    assert (of_board - of_grey).abs().max() > 1e-2 * of_grey.std()


def test_icnets_pyramid_pooling_lets_every_cell_hear_every_other():
    network = tiny("icnet")
    x = torch.rand(1, 32, 40, 40, requires_grad=True)
    network.trunk.deep(x)[0, :, 0, 0].sum().backward()
    assert x.grad[0, :, -1, -1].any()


# --- the two from segmentation-models-pytorch, and U-Net ---


def test_pspnet_is_dilated_to_stride_8_and_pools_to_1_2_3_and_6():
    with torch.device("meta"):
        network = BASELINES["pspnet"].build(7).eval()
        features = network.network.encoder(torch.empty(1, 3, 64, 96))
    assert features[-1].shape == (1, 2048, 8, 12)
    pools = [m for m in network.modules() if isinstance(m, nn.AdaptiveAvgPool2d)]
    assert [p.output_size[0] for p in pools] == [1, 2, 3, 6]


def test_deeplab_pools_with_rates_6_12_18_at_stride_16_and_has_one_skip_at_stride_4():
    with torch.device("meta"):
        network = BASELINES["deeplabv3plus"].build(7).eval()
        features = network.network.encoder(torch.empty(1, 3, 64, 96))
    assert features[-1].shape == (1, 2048, 4, 6)
    decoder, seen = network.network.decoder, {}
    rates = {m.dilation[0] for m in decoder.modules() if isinstance(m, nn.Conv2d)}
    assert rates == {1, 6, 12, 18}
    record(decoder.block1, seen, "skip")
    decoder(features)
    assert seen["skip"][0][0].shape[-2:] == (16, 24)
    assert seen["skip"][1].shape[1] == 48


def test_unet_joins_each_level_with_features_of_its_size():
    network, down, up = tiny("unet"), {}, {}
    for k in range(4):
        record(network.down[k], down, k)
        record(network.up[3 - k], up, k)
    with torch.inference_mode():
        network(image(64, 96))
    for k in range(4):
        skip, joined = down[k][1], up[k][0][0]
        assert skip.shape[-2:] == (64 >> k, 96 >> k)
        assert torch.equal(joined[:, : skip.shape[1]], skip)
        assert joined.shape[1] == 2 * skip.shape[1]

"""What defines each baseline: summed scores, stored indices, the cascade, pooling, skips."""

import pytest
import torch
from torch import nn

from napari_uhrnet.models.baselines import BASELINES
from napari_uhrnet.models.baselines.deeplabv3plus import PooledNorm
from napari_uhrnet.models.baselines.fcn8s import bilinear_upsampling
from napari_uhrnet.models.baselines.icnet import CascadeFeatureFusion
from tests.models.tiny_baselines import image, tiny


def record(module, seen, key):
    """Keep what enters and leaves a layer."""
    module.register_forward_hook(lambda _, inputs, out: seen.update({key: (inputs, out)}))


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


def test_cascade_fusion_has_the_fine_features_size_and_uses_both():
    fuse = CascadeFeatureFusion(coarse=5, fine=4, channels=6).eval()
    coarse, fine = torch.rand(2, 5, 8, 12), torch.rand(2, 4, 16, 24)
    with torch.inference_mode():
        fused, enlarged = fuse(coarse, fine)
        assert (fused >= 0).all() and (fused == 0).any()
        assert not torch.equal(fuse(coarse * 0, fine)[0], fused)
        assert not torch.equal(fuse(coarse, fine * 0)[0], fused)
    assert fused.shape == (2, 6, 16, 24)
    assert enlarged.shape == (2, 5, 16, 24)
    assert (fuse.dilated.kernel_size, fuse.dilated.dilation) == ((3, 3), (2, 2))


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
def test_each_branch_of_icnet_changes_the_prediction(branch):
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


def test_icnets_pyramid_pooling_lets_every_cell_depend_on_every_other():
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


def test_deeplab_trains_on_a_single_picture():
    """Its pooled features have one value a channel then, which a plain batch norm refuses."""
    network = BASELINES["deeplabv3plus"].build(3, encoder="resnet18", channels=16).train()
    (pooled,) = (m for m in network.modules() if isinstance(m, PooledNorm))
    network(torch.rand(1, 3, 64, 64) * 255).sum().backward()
    assert pooled.num_batches_tracked == 0
    assert pooled.weight.grad is not None
    network(torch.rand(2, 3, 64, 64) * 255)
    assert pooled.num_batches_tracked == 1


def test_a_pooled_norm_is_a_batch_norm():
    plain, pooled = torch.nn.BatchNorm2d(5), PooledNorm(5)
    for x in torch.rand(3, 4, 5, 1, 1):
        assert torch.equal(plain(x), pooled(x))
    one = torch.rand(1, 5, 1, 1)
    assert torch.equal(plain.eval()(one), pooled(one))  # still in training mode
    assert torch.equal(plain.running_mean, pooled.running_mean)


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

"""GLNet with made weights, and its published evaluation once more: slow, stateless and literal."""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from napari_uhrnet.models.glnet import GLNet

DATA = Path(__file__).parents[1] / "data"
SHAPES = json.loads((DATA / "glnet_state_dict.json").read_text())
"""Shape of each of the 718 entries of a published checkpoint."""


def made_weights(seed):
    """The weights that the golden numbers were computed with."""
    return {key: _value(key, shape, seed) for key, shape in SHAPES.items()}


def _value(key, shape, seed):
    rng = np.random.default_rng(zlib.crc32(f"{seed}:{key}".encode()))
    if key.endswith("num_batches_tracked"):
        value = np.zeros(shape, np.int64)
    elif key.endswith("running_var"):
        value = rng.uniform(0.5, 1.5, shape)
    elif len(shape) > 1:
        value = rng.standard_normal(shape) * np.sqrt(1.0 / np.prod(shape[1:]))
    elif key.endswith("weight"):
        value = rng.uniform(0.5, 1.0, shape)
    else:
        value = 0.1 * rng.standard_normal(shape)
    return torch.from_numpy(np.asarray(value)).to(
        torch.int64 if value.dtype == np.int64 else torch.float32
    )


def made_network(seed):
    network = GLNet()
    weights = made_weights(seed)
    network.load_state_dict({key.removeprefix("module."): v for key, v in weights.items()})
    return network


def made_picture(height, width, seed):
    """The picture (height, width, 3) of the golden numbers."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [
        127 + 60 * np.sin(x / (17 + 9 * c) + c) + 50 * np.cos(y / (23 - 4 * c) - c)
        for c in range(3)
    ]
    image = np.stack(waves, -1) + rng.normal(0, 12, (height, width, 3))
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def literal_starts(length, size):
    """First pixels of the patches of an axis, found by counting up as the published code does."""
    n = 1
    while length > n * size:
        n += 1
    while size - 1.0 * (length - size) / (n - 1) < 50:
        n += 1
    step = (length - size) * 1.0 / (n - 1)
    return [int(np.round(i * step)) if i < n - 1 else length - size for i in range(n)]


def literal_scores(network, image, size, mode, frozen=None):
    """Fused, local and global scores; every patch of every map is held at once."""
    from PIL import Image

    height, width = image.shape[:2]
    weights = network.eval().state_dict()
    places = [(t, s) for t in literal_starts(height, size) for s in literal_starts(width, size)]
    small = np.array(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
    frame = _batch([small])
    patches = _batch([image[t : t + size, s : s + size] for t, s in places])

    def under(x, place):
        h, w = (int(np.round(n * size / side)) for n, side in _sides(x, image))
        pairs = zip(place, _sides(x, image), strict=True)
        top, left = (int(np.round(p / side * n)) for p, (n, side) in pairs)
        assert top + h <= x.shape[2] and left + w <= x.shape[3], "published code stops here"
        return slice(top, top + h), slice(left, left + w)

    def cut(x, like):
        crops = torch.stack([x[0][(slice(None), *under(x, p))] for p in places])
        return _resized(crops, like)

    source = network if mode == 2 else frozen.eval()
    g = _pyramid(source.state_dict(), "fpn_global", source.resnet_global(frame)[::-1])
    own = network.resnet_local(patches)[::-1]
    seen = [[cut(x, own[k]) for k, x in enumerate(step)] for step in g["steps"]]
    local = _pyramid(weights, "fpn_local", own, seen)
    if mode == 3:
        counts = torch.zeros(1, 1, height, width)
        for t, s in places:
            counts[:, :, t : t + size, s : s + size] += 1
        merged = []
        for ours, theirs in zip(local["steps"], g["steps"], strict=True):
            merged.append([])
            for x, like in zip(ours, theirs, strict=True):
                total = torch.zeros_like(like)
                for i, place in enumerate(places):
                    rows, columns = under(like, place)
                    part = total[:, :, rows, columns]
                    part += _resized(x[i : i + 1], part)
                merged[-1].append(total / _resized(counts, like))
        backbone = network.resnet_global(frame)[::-1]
        g = _pyramid(weights, "fpn_global", backbone, merged, "_ext")
    both = torch.cat([local["features"], cut(g["features"], local["features"])], 1)
    fused = _conv(weights, "ensemble_conv", both)
    whole = F.interpolate(g["logits"], (height, width), mode="nearest")[0]
    return {
        "global": whole.numpy(),
        "local": _summed(local["logits"], places, size, image),
        "fused": _summed(fused, places, size, image),
    }


def _batch(images):
    return torch.stack([torch.from_numpy(i.copy()).permute(2, 0, 1).float() / 255 for i in images])


def _sides(x, image):
    return list(zip(x.shape[2:], image.shape[:2], strict=True))


def _resized(x, like):
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


def _conv(weights, name, x):
    weight = weights[f"{name}.weight"]
    return F.conv2d(x, weight, weights[f"{name}.bias"], padding=weight.shape[-1] // 2)


def _pyramid(weights, name, backbone, other=None, suffix=""):
    def step(layers, own, k):
        if other is not None:
            own = [torch.cat(pair, 1) for pair in zip(own, other[k], strict=True)]
        if layers is None:
            return own
        return [_conv(weights, f"{name}.{n}{suffix}", x) for n, x in zip(layers, own, strict=True)]

    p5, p4, p3, p2 = step(["toplayer", "latlayer1", "latlayer2", "latlayer3"], backbone, 0)
    p4 = _resized(p5, p4) + p4
    p3 = _resized(p4, p3) + p3
    p2 = _resized(p3, p2) + p2
    ps0 = [p5, p4, p3, p2]
    ps1 = step([f"smooth{k}_1" for k in (1, 2, 3, 4)], ps0, 1)
    ps2 = step([f"smooth{k}_2" for k in (1, 2, 3, 4)], ps1, 2)
    features = torch.cat([_resized(x, ps2[3]) for x in step(None, ps2, 3)], 1)
    if other is not None:
        features = _conv(weights, f"{name}.smooth", features)
    return {
        "steps": [backbone, ps0, ps1, ps2],
        "features": features,
        "logits": _conv(weights, f"{name}.classify", features),
    }


def _summed(logits, places, size, image):
    scores = np.zeros((logits.shape[1], *image.shape[:2]))
    for values, (t, s) in zip(logits, places, strict=True):
        pixels = F.interpolate(values[None], (size, size), mode="nearest")[0]
        scores[:, t : t + size, s : s + size] += pixels.numpy()
    return scores

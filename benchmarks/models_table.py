"""Parameters, MACs, memory and seconds of every network of the registry on one 2448 px scene.

    python benchmarks/models_table.py [--write docs/models.md] [--costs FILE] [--only NAME ...]

All in one run, random weights, float32 on the CPU, in inference mode, through the tiled engine
(reading, blending and storing included). GLNet in mode 2 is the unit; its bare forwards are timed
beside it. MACs are those of convolutions and matrix products as they are executed; the floor is
MACs over the measured rate of a 3 x 3 convolution. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from macs import MacCounter

from napari_uhrnet.engine.open import open_prediction_store
from napari_uhrnet.engine.passes.state import EngineState
from napari_uhrnet.engine.planning.layout import SceneLayout
from napari_uhrnet.engine.planning.work import Work
from napari_uhrnet.engine.run import run
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models.base.checkpoint import Card
from napari_uhrnet.models.base.config import UHRNetConfig
from napari_uhrnet.models.baselines import BASELINES
from napari_uhrnet.models.build import build_network
from napari_uhrnet.models.registry import LoadedModel, list_models
from napari_uhrnet.scene.array import array_scene

SIDE_PX = 2448
PIXEL_SIZE_M = 0.5
UNIT = "glnet-into-patches"
QUICK_S = 10.0
"""Runs below this are repeated, and the quickest of three counts: the first one warms up."""


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="Markdown file for the table")
    parser.add_argument("--costs", type=Path, help="JSON file of the registry's costs")
    parser.add_argument("--only", nargs="*", help="names of the registry")
    options = parser.parse_args()
    names = set(options.only or ())
    chosen = [e for e in list_models() if not names or e.name in names | {UNIT}]
    rate = convolution_rate()
    print(f"{torch.get_num_threads()} threads, 3 x 3 convolutions at {rate / 1e9:.0f} GMAC/s")
    image = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    bare_s = bare_forwards(image)
    rows = []
    for entry in sorted(chosen, key=lambda e: e.name != UNIT):
        rows.append(measure(entry, image))
        print(rows[-1], flush=True)
    # The unit and its bare forwards once more, alternately: the quicker of two each.
    bare_s = min(bare_s, bare_forwards(image))
    rows[0]["seconds"] = min(rows[0]["seconds"], segment(model_of(chosen_unit()), image)[0])
    rate = max(rate, convolution_rate())
    text = table(rows, rate, bare_s)
    print(text)
    if options.write:
        options.write.write_text(with_table(options.write, text), encoding="utf-8")
    if options.costs:
        costs = {r["name"]: {k: r[k] for k in ("parameters", "macs", "memory_bytes")} for r in rows}
        options.costs.write_text(json.dumps(costs, indent=1) + "\n", encoding="utf-8")


def chosen_unit():
    """The registry's entry of the unit."""
    return next(entry for entry in list_models() if entry.name == UNIT)


def with_table(path: Path, text: str) -> str:
    """A page whose table is replaced; what was written about it stays."""
    page = path.read_text(encoding="utf-8")
    start, end = "<!-- table -->\n", "<!-- end of table -->"
    return re.sub(f"{start}.*{end}", lambda _: start + text + end, page, flags=re.DOTALL)


def convolution_rate() -> float:
    """MACs a second of a 3 x 3 convolution of GLNet's size."""
    conv = torch.nn.Conv2d(256, 256, 3, padding=1).to(memory_format=torch.channels_last)
    x = torch.rand(1, 256, 127, 127).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        conv(x)
        started = time.perf_counter()
        for _ in range(10):
            conv(x)
    return 10 * 256 * 256 * 9 * 127 * 127 / (time.perf_counter() - started)


def model_of(entry) -> LoadedModel:
    """Random weights, as if they had been loaded."""
    torch.manual_seed(0)
    network = build_network(entry.config).eval().requires_grad_(False)
    network = network.to(memory_format=torch.channels_last)
    classes = tuple(LabelClass(k, str(k), (k, k, k)) for k in range(entry.config.classes))
    light = getattr(entry.config, "backbone", "").startswith("tf_")
    card = Card(
        name=entry.name,
        title="",
        architecture="uhrnet" if isinstance(entry.config, UHRNetConfig) else "glnet",
        config=entry.config,
        class_table=ClassTable("n", classes).to_dict(),
        pixel_size_m=1.196 if light else PIXEL_SIZE_M,
        terms="",
    )
    return LoadedModel(entry.name, network, card, entry.name, torch.device("cpu"))


def measure(entry, image) -> dict:
    """Name, parameters, MACs, seconds, patches, and bytes of memory beyond what was there."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = status_bytes("VmRSS")
    model = model_of(entry)
    with MacCounter() as counter:
        seconds, patches = segment(model, image)
    memory = status_bytes("VmHWM") - before
    if seconds < QUICK_S:
        seconds = min(seconds, *(segment(model, image)[0] for _ in range(2)))
    return {
        "name": entry.name,
        "parameters": sum(p.numel() for p in model.network.parameters()),
        "macs": counter.total,
        "memory_bytes": memory,
        "seconds": seconds,
        "patches": patches,
    }


def status_bytes(key: str) -> int:
    """A line of /proc/self/status."""
    text = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(rf"{key}:\s+(\d+)", text)[1])


def segment(model: LoadedModel, image) -> tuple[float, int]:
    """Seconds of the engine for the whole scene, and its patches."""
    scene = array_scene([image], "noise", pixel_size_m=PIXEL_SIZE_M)
    layout = SceneLayout.build(scene.shape_yx, scene.pixel_size_m, model)
    state = EngineState(scene, layout, model)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_prediction_store(scene, state, model, Path(folder)) as store,
    ):
        started = time.perf_counter()
        for _ in run(Work(Window.of_shape(scene.shape_yx), by_frames=True), state, store):
            pass
        return time.perf_counter() - started, len(layout.patches)


def bare_forwards(image) -> float:
    """Seconds of GLNet's mode 2 forwards alone, on tensors that lie ready."""
    network = model_of(chosen_unit()).network
    patches = torch.rand(36, 3, 508, 508).to(memory_format=torch.channels_last)
    boxes = [Window(388 * (k // 6), 388 * (k % 6), 508, 508) for k in range(36)]
    glnet, yx = network.network, (SIDE_PX, SIDE_PX)
    with torch.inference_mode():
        started = time.perf_counter()
        frame = glnet.encode_frame(torch.rand(1, 3, 508, 508))
        for k, box in enumerate(boxes):
            maps = glnet.encode_patches(patches[k : k + 1], frame, [box], yx)
            glnet.fuse(glnet.local_share(maps.features), frame, [box], yx)
        return time.perf_counter() - started


def table(rows: list[dict], rate: float, bare_s: float) -> str:
    """The table and what it was measured with."""
    unit = next(r for r in rows if r["name"] == UNIT)
    lines = [
        f"Measured on {time.strftime('%Y-%m-%d')} with torch {torch.__version__}, "
        f"{torch.get_num_threads()} CPU threads, float32, random weights, all in one run.",
        f"The unit is `{UNIT}` through the engine, {unit['seconds']:.0f} s; its bare forwards "
        f"take {bare_s / unit['seconds']:.2f} of that.",
        f"A 3 x 3 convolution of 256 channels runs at {rate / 1e9:.0f} GMAC/s here: the floor of a "
        "network is its MACs over that rate.",
        "",
        "| network | parameters | its paper's | patches | GMAC | GB | seconds | of GLNet "
        "| floor / seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    order = {entry.name: k for k, entry in enumerate(list_models())}
    for row in sorted(rows, key=lambda r: order[r["name"]]):
        lines.append(
            f"| {row['name']} | {row['parameters'] / 1e6:.1f} M | {published(row['name'])} "
            f"| {row['patches']} | {row['macs'] / 1e9:.0f} | {row['memory_bytes'] / 1e9:.1f} "
            f"| {row['seconds']:.1f} | {row['seconds'] / unit['seconds']:.3f} "
            f"| {row['macs'] / rate / row['seconds']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def published(name: str) -> str:
    """The count of parameters that a paper gives, at its own number of classes."""
    if name.startswith("glnet") and "light" not in name:
        return "79.2 M (published weights)"
    entry = BASELINES.get(name.rpartition("-")[0])
    if entry is None or entry.published_parameters is None:
        return "-"
    return f"{entry.published_parameters / 1e6:.1f} M, {entry.published_classes} classes"


if __name__ == "__main__":
    main()

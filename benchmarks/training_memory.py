"""Peak memory of a training step with few and with many patches: ``python training_memory.py``.

Patches are processed one at a time. First the same frame is cut into 9 and into 36 patches of the
same size (by their overlap), then frames of 3 x 3 and of 6 x 6 patches are compared. Each step runs
in a separate process.
"""

from __future__ import annotations

import subprocess
import sys

CASES = {
    "9 patches, a frame of 800 px": (800, 32),
    "36 patches, a frame of 800 px": (800, 185),
    "36 patches, a frame of 1568 px": (1568, 32),
}


def step(frame_px: int, min_overlap_px: int) -> None:
    """One step of the light network; prints the number of patches and the peak in bytes."""
    import torch

    from napari_uhrnet.geometry.grid import PatchGrid
    from napari_uhrnet.models.base.config import LIGHT
    from napari_uhrnet.models.build import build_network
    from napari_uhrnet.training.loop.accumulate import accumulate
    from napari_uhrnet.training.loop.losses import Objective
    from napari_uhrnet.training.loop.memory import ProcessMeter
    from napari_uhrnet.training.loop.stages import train_mode

    torch.manual_seed(0)
    config = LIGHT.model_copy(update={"min_overlap_px": min_overlap_px})
    network = build_network(config).to(memory_format=torch.channels_last)
    train_mode(network)
    frames = torch.rand(1, 3, frame_px, frame_px) * 255
    labels = torch.randint(0, 6, (1, frame_px, frame_px))
    accumulate(network, frames, labels, Objective(torch.ones(6)), patches_at_once=1)
    grid = PatchGrid((frame_px, frame_px), config.patch_px, min_overlap_px)
    print(len(grid), ProcessMeter().peak_bytes())


def main() -> None:
    """Print the peaks and their ratios to the first."""
    first = 0
    for name, case in CASES.items():
        command = [sys.executable, __file__, *map(str, case)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        patches, peak = map(int, printed.split())
        first = first or peak
        print(f"{name}: {patches} patches, {peak / 1e6:.0f} MB, x {peak / first:.3f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        step(int(sys.argv[1]), int(sys.argv[2]))
    else:
        main()

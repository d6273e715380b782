"""A reproduction with tiny networks on made data, in a handful of steps."""

import json

import numpy as np

from napari_uhrnet.evaluation.reproduce.counts import write_counts
from napari_uhrnet.evaluation.reproduce.one_run import SCORES, run_folder
from napari_uhrnet.evaluation.reproduce.rows import Scale
from napari_uhrnet.evaluation.reproduce.settings import ReproduceSettings
from napari_uhrnet.evaluation.scoring.counts import BranchCounts, SceneCounts
from napari_uhrnet.evaluation.scoring.evaluate import Settings
from napari_uhrnet.evaluation.scoring.score_files import write_json
from napari_uhrnet.evaluation.scoring.scores import all_scores
from napari_uhrnet.models.base.config import GLNetConfig
from tests.models.tiny import CLASSES, TINY, tiny_model
from tests.models.tiny_baselines import TINY as TINY_BASELINES
from tests.training.runs import data_set

SCALE = Scale(
    TINY,
    GLNetConfig(mode=2, backbone="lcnet_035", width=8, size_px=64, frame_px=160),
    TINY_BASELINES,
    pixel_size_m=2.0,
    steps=4,
    staged=False,
    settings={
        "crop_px": 96,
        "crops": 2,
        "warmup_steps": 1,
        "save_every_steps": 2,
        "accelerator": "cpu",
    },
)


def settings(tmp_path, **changes):
    """Two folders of a train and a val part; 4 steps."""
    for seed, (name, size_px) in enumerate({"tiles": 100, "full": 170}.items()):
        folder = tmp_path / name
        if not folder.exists():
            data_set(folder, 2, size_px, seed=seed)
            data_set(folder, 2, size_px, "val", seed=10 + seed)
            (folder / "classes.json").write_text(json.dumps(CLASSES.to_dict()))
    data = [{"folder": tmp_path / name, "pixel_size_m": 2.0} for name in ("tiles", "full")]
    return ReproduceSettings.model_validate({"data": data, "steps": 4} | changes)


class Report:
    """Remembers all reports; breaks at a step of a run, or when scenes are scored."""

    def __init__(self, breaks=None):
        self.runs, self.notes, self.steps, self.shares = [], [], {}, {}
        self._breaks = breaks or (lambda title, step, share: False)

    def run(self, number, count, title):
        self.runs.append(title)
        self.steps[title], self.shares[title] = [], []

    def note(self, message):
        self.notes.append(message)

    def step(self, step, steps, loss, seconds):
        self.steps[self.runs[-1]].append(step)
        self._check(step, None)

    def scored(self, share):
        self.shares[self.runs[-1]].append(share)
        self._check(None, share)

    def _check(self, step, share):
        if self._breaks(self.runs[-1], step, share):
            raise Broken


class Broken(Exception):
    """Somebody pulled the plug."""


def finish_by_hand(out, row, seed, data, hits):
    """A finished run whose scenes have a share of hits each, {pair name: share}."""
    folder = run_folder(out, row.run, seed)
    folder.mkdir(parents=True)
    scenes = []
    for pair in data.pairs:
        share = hits[pair.name.rsplit("/", 1)[-1]]
        counts = np.zeros((3, 4))
        counts[range(3), range(3)] = 100 * share
        counts[range(3), 3] = 100 * (1 - share)  # nothing was predicted: IoU is the share
        branches = {"fused": BranchCounts(counts, np.zeros((4, 3)))}
        scenes.append(SceneCounts(pair, pair.pixel_size_m, branches))
    write_counts(folder, scenes)
    scores = all_scores(scenes, tiny_model(), data.table, Settings())
    write_json(folder / SCORES, scores)
    (folder / "seconds.json").write_text('{"training": 10.0, "scoring": 2.0}')

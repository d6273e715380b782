"""The rows of the paper's tables: which networks they are, and that they are trained alike."""

from collections import Counter

import pytest

from napari_uhrnet.evaluation.reproduce.paper_tables import ABLATION, MAIN, orders
from napari_uhrnet.evaluation.reproduce.rows import rows_of, scale_of, stages_of
from napari_uhrnet.evaluation.reproduce.run_all import distinct_runs
from napari_uhrnet.models.base.config import BaselineConfig, GLNetConfig, UHRNetConfig
from napari_uhrnet.training.run.config import TrainConfig
from napari_uhrnet.training.run.config_file import new_config
from tests.evaluation.reproductions import SCALE

SCALES = {"light": scale_of("light"), "paper": scale_of("paper"), "tiny": SCALE}


def test_the_main_table_has_eight_networks_in_two_columns():
    rows = rows_of(SCALES["light"], "main")
    assert len(rows) == len(MAIN) == 16
    assert Counter(row.column for row in rows) == {"local": 8, "global": 8}
    by_name = {(row.key, row.column): row for row in rows}
    assert by_name["uhrnet", "global"].published == 72.0
    assert by_name["uhrnet", "global"].config.readout == "into_frame"
    assert by_name["uhrnet", "local"].config.readout == "into_patches"
    assert by_name["glnet", "local"].config.mode == 2
    assert by_name["glnet", "global"].config.mode == 3
    assert by_name["unet", "local"].config.regime == "patches"
    assert by_name["unet", "global"].config.regime == "downsampled"
    assert {row.published for row in rows if row.key == "icnet"} == {35.5, 43.0}


def test_the_ablation_has_five_rows_and_three_controls():
    rows = rows_of(SCALES["light"], "ablation")
    assert [row.key for row in rows] == [
        "local",
        "local-llf",
        "global",
        "both",
        "both-llf",
        "local-itself",
        "both-itself",
        "average",
    ]
    parts = [
        (row.config.use_local, row.config.use_global, row.config.local_fusion) for row in rows[:5]
    ]
    assert parts == [
        (True, False, False),
        (True, False, True),
        (False, True, True),
        (True, True, False),
        (True, True, True),
    ]
    whole, *controls, average = rows[4:]
    for row, control in zip((rows[1], whole), controls, strict=True):
        same = row.config.model_copy(update={"local_fusion_hears": "itself"})
        assert control.config == same and control.published is None
        assert control.branches == row.branches
    assert average.config is None and average.of == rows[3].run


@pytest.mark.parametrize("name", SCALES)
def test_runs_are_shared_only_by_equal_networks(name):
    rows = rows_of(SCALES[name])
    assert len(rows) == 24
    runs = distinct_runs(rows)
    assert len(runs) == (23 if name == "paper" else 26) and runs[-1].run == "average"
    for row in rows + runs:
        assert all(r.config == row.config for r in rows + runs if r.run == row.run)
        if row.branches is not None:
            before = [r.run for r in runs[: [r.run for r in runs].index(row.run)]]
            assert row.branches.run in before and not row.branches.scored
    assert {type(r.config) for r in runs[:-1]} == {UHRNetConfig, GLNetConfig, BaselineConfig}


@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("steps", [3, 4, 100, 300, 22040])
def test_every_row_has_the_same_number_of_steps(name, steps):
    scale = SCALES[name]
    for row in rows_of(scale):
        if row.config is not None:
            stages = stages_of(scale, row, steps)
            if row.branches is not None:
                stages = stages_of(scale, row.branches, steps) + stages
            config = new_config(TrainConfig, {"made": 1, "stages": stages, **scale.settings})
            assert config.steps == steps, (row.run, stages)
            assert min(stage.steps for stage in config.stages) >= 1


@pytest.mark.parametrize("name", SCALES)
def test_every_row_sees_views_of_one_size(name):
    """Draws depend on nothing but the seed and these sizes."""
    scale = SCALES[name]
    frames = [row.config.frame_px for row in rows_of(scale) if row.config is not None]
    assert set(frames) == {scale.uhrnet.frame_px}
    assert "crop_px" in scale.settings


def test_paper_stages_are_those_of_glnet():
    rows = {row.run: row for row in rows_of(SCALES["paper"])}
    for run in ("glnet-global", "uhrnet-global", "uhrnet-both"):
        stages = stages_of(SCALES["paper"], rows[run], SCALES["paper"].steps)
        assert [(s["name"], s["steps"]) for s in stages] == [
            ("global", 9120),
            ("local", 3800),
            ("readout", 9120),
        ]
    one = stages_of(SCALES["paper"], rows["uhrnet-local-branch"], 22040)
    assert one == ({"name": "joint", "steps": 22040},)


def test_light_fusions_are_trained_after_branches_that_rows_share():
    rows = {row.key: row for row in rows_of(SCALES["light"], "ablation")}
    assert [key for key, row in rows.items() if row.branches is not None] == [
        "local-llf",
        "both",
        "both-llf",
        "local-itself",
        "both-itself",
    ]
    both = rows["both"].branches
    assert both == rows["both-llf"].branches == rows["both-itself"].branches
    assert both.config == rows["both"].config
    assert rows["local-llf"].branches.config == rows["local"].config
    assert stages_of(SCALES["light"], both, 160) == ({"name": "joint", "steps": 100},)
    assert stages_of(SCALES["light"], rows["both-llf"], 160) == ({"name": "fusions", "steps": 60},)


def test_the_published_orders():
    found = orders()
    assert Counter(table for table, _, _ in found) == {"main": 8 + 2 * 7, "ablation": 4}
    assert all(low.miou <= high.miou for _, low, high in found)
    assert (ABLATION[0].key, ABLATION[0].miou) == ("local", 57.3)

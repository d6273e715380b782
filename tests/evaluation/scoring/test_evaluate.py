"""Scores through the engine, against torchmetrics and counting on the whole arrays."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torchmetrics.classification import MulticlassConfusionMatrix, MulticlassJaccardIndex

from napari_uhrnet.engine.segment import segment
from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.scoring.boundary import Tolerance, boundary_counts
from napari_uhrnet.evaluation.scoring.counts import count_blocks
from napari_uhrnet.evaluation.scoring.evaluate import Settings, evaluate
from napari_uhrnet.evaluation.scoring.scores import all_scores
from napari_uhrnet.evaluation.scoring.truth_pairs import TruthPair
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from tests.evaluation.truths import TO_TRUTH, TRUTH, write_pair
from tests.models.tiny import tiny_model


def pair_of(folder, name="a", pixel_size_m=1.5):
    return TruthPair(
        name, folder / f"{name}_sat.png", folder / f"{name}_mask.png", pixel_size_m, folder.name
    )


def predictions(pair, model):
    """(h, w) ids of the ground truth's table that each branch gives."""
    with open_scene(pair.image, pair.pixel_size_m) as scene:
        return {b: TO_TRUTH[segment(scene, model, branch=b)] for b in model.branches}


def channels(ids):
    """Ids of the ground truth's table as 0..4, anything else as 5."""
    lut = np.full(256, 5)
    lut[TRUTH.ids] = range(5)
    return torch.from_numpy(lut[ids])


def test_every_branch_is_counted_by_name_of_class_on_level_0(tmp_path):
    truth = write_pair(tmp_path, "a", (110, 150))
    pair, model, settings = pair_of(tmp_path), tiny_model(), Settings(tolerance=Tolerance(4, "m"))
    [found] = evaluate([pair], model, TRUTH, settings)
    assert set(found.counts.branches) == {"fused", "global", "local"}
    assert found.counts.pixel_size_m == 1.5
    for branch, labels in predictions(pair, model).items():
        matrix = MulticlassConfusionMatrix(6)(channels(labels), channels(truth)).numpy()
        counted = found.counts.branches[branch]
        np.testing.assert_array_equal(counted.pairs, matrix[:5])
        whole = Window.of_shape(truth.shape)
        edges = boundary_counts(truth, labels, whole, 4 / 1.5)[:, TRUTH.ids]
        np.testing.assert_array_equal(counted.boundary, edges)
        assert edges[1].sum() > 0 and edges[3].sum() > 0


def test_both_rules_are_torchmetrics_on_all_pixels_of_all_scenes(tmp_path):
    truths = [write_pair(tmp_path, "a", (70, 90)), write_pair(tmp_path, "b", (80, 60), 1)]
    pairs, model = [pair_of(tmp_path, n) for n in "ab"], tiny_model()
    predicted = torch.cat([channels(predictions(p, model)["fused"]).ravel() for p in pairs])
    true = torch.cat([channels(t).ravel() for t in truths])
    for rule, masked in (("count", None), ("ignore", 0)):
        settings = Settings(unknown=rule)
        scenes = [found.counts for found in evaluate(pairs, model, TRUTH, settings)]
        scores = all_scores(scenes, model, TRUTH, settings)
        expected = MulticlassJaccardIndex(6, average="none", ignore_index=masked)(predicted, true)
        assert list(scores["fused"]["iou"]) == ["water", "wood", "field", "rock"]
        np.testing.assert_allclose(
            list(scores["fused"]["iou"].values()), expected[1:5].numpy(), atol=1e-6
        )
        assert scores["fused"]["miou"] == pytest.approx(expected[1:5].mean().item(), abs=1e-6)
        counted = true != (0 if rule == "ignore" else -1)
        share = (predicted == true)[counted].double().mean().item()
        assert scores["fused"]["accuracy"] == pytest.approx(share)
        json.dumps(scores)


@pytest.mark.parametrize("unknown", ["count", "ignore"])
def test_counts_do_not_depend_on_the_blocks(unknown):
    rng = np.random.default_rng(2)
    ids = np.array([*TRUTH.ids, 255], np.uint8)
    truth, labels = (
        ids[rng.integers(0, 6, (13, 17))].repeat(5, axis=0).repeat(5, axis=1) for _ in range(2)
    )
    found = [
        count_blocks(
            truth.shape,
            lambda w: truth[w.slices],
            {"fused": lambda w: labels[w.slices]},
            TRUTH,
            unknown,
            2.5,
            block_px=side,
        )["fused"]
        for side in (9, 32, 1000)
    ]
    for other in found[1:]:
        np.testing.assert_array_equal(other.pairs, found[0].pairs)
        np.testing.assert_array_equal(other.boundary, found[0].boundary)
    assert (found[0].boundary[2, 0] > 0) == (unknown == "count")


def test_a_mask_of_another_size_is_named_before_anything_is_segmented(tmp_path):
    write_pair(tmp_path, "a")
    write_pair(tmp_path, "b")
    Image.new("RGB", (220, 179)).save(tmp_path / "b_mask.png")
    steps = []
    with pytest.raises(UserError, match=r"b_mask\.png: is 220 x 179 px and .*b_sat\.png is 220"):
        list(
            evaluate(
                [pair_of(tmp_path, n) for n in "ab"],
                tiny_model(),
                TRUTH,
                progress=lambda *step: steps.append(step),
            )
        )
    assert not steps


def test_a_class_outside_of_the_table_is_named_with_its_file(tmp_path):
    write_pair(tmp_path, "a")
    ids = np.zeros((180, 220), np.uint8)
    ids[5, 5] = 9
    Image.fromarray(ids).save(tmp_path / "a_mask.png")
    with pytest.raises(UserError, match=r"a_mask\.png: value 9 is no class of the table 'truth'"):
        next(evaluate([pair_of(tmp_path)], tiny_model(), TRUTH))


def test_few_stray_colours_are_no_class_and_many_are_refused(tmp_path):
    truth = write_pair(tmp_path, "a")
    mask = TRUTH.palette[truth]
    mask[:2, :100] = (255, 0, 0)
    Image.fromarray(mask).save(tmp_path / "a_mask.png")
    found = next(evaluate([pair_of(tmp_path)], tiny_model(), TRUTH))
    assert found.counts.branches["fused"].pairs.sum() == 180 * 220 - 200
    mask[:4] = (255, 0, 0)
    Image.fromarray(mask).save(tmp_path / "a_mask.png")
    with pytest.raises(UserError, match=r"a_mask\.png: #FF0000 is no class .*\(880 pixels"):
        next(evaluate([pair_of(tmp_path)], tiny_model(), TRUTH))


def test_a_model_of_wholly_other_classes_is_refused(tmp_path):
    write_pair(tmp_path, "a")
    cars = ClassTable("cars", (LabelClass(0, "car", (1, 1, 1)),))
    with pytest.raises(UserError, match=r"none of its classes \(field, wood, water\) .* 'cars'"):
        next(evaluate([pair_of(tmp_path)], tiny_model(), cars))

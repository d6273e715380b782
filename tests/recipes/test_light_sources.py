"""The light recipe's sources: what is learned of pseudo-labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.resources import resource_path
from napari_uhrnet.training.data.frames import NOT_OF, Frame
from recipes import light_sources
from recipes.light_sources import (
    _partly,
    images_of,
    learn_surest,
    least_sure,
    read_pseudo_labels,
    read_sources,
)

FOREST = 4
TABLE = ClassTable.from_file(resource_path("palettes", "deepglobe.json")).without_ignored()


def frame(labels, name="a_sat.jpg"):
    labels = np.asarray(labels, np.uint16)
    return Frame(name, np.full((*labels.shape, 3), 90, np.uint8), labels)


def pseudo_labels(ids, shares):
    return np.stack([np.asarray(ids), np.asarray(shares)], axis=-1).astype(np.uint8)


def test_what_is_known_stays_and_the_rest_is_pseudo_labelled():
    known = [[FOREST, NOT_OF + FOREST, NOT_OF + FOREST, NOTHING, 2]]
    predicted = pseudo_labels([[3, 3, FOREST, 6, 3]], [[255] * 5])
    (learned,) = learn_surest([frame(known)], [predicted], share=1.0)
    assert learned.labels.tolist() == [[FOREST, 3, NOT_OF + FOREST, 6, 2]]


def test_where_the_picture_is_empty_nothing_is_learned():
    scene = frame([[NOTHING, NOTHING, NOTHING]])
    predicted = pseudo_labels([[NOTHING, 3, 3]], [[255, 255, 0]])
    (learned,) = learn_surest([scene], [predicted], share=1.0)
    assert learned.labels.tolist() == [[NOTHING, 3, 3]]


def test_a_partly_labelled_scene_is_mirrored_where_it_has_no_picture(tmp_path):
    codes = np.repeat(np.array([[1, 0, 255]], np.uint8), 20, axis=0).repeat(10, axis=1)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a_sat.jpg", format="PNG")
    Image.fromarray(codes).save(tmp_path / "a_forest.png")
    found = _partly(tmp_path / "a_sat.jpg")
    expected = np.pad(pixels[:, :20], ((0, 0), (0, 10), (0, 0)), mode="reflect")
    assert np.array_equal(found.pixels, expected)
    assert found.labels[0, ::10].tolist() == [FOREST, NOT_OF + FOREST, NOTHING]


def test_only_scenes_of_the_given_half_are_read(tmp_path, monkeypatch):
    """Forest labels of a scene of the other half would be labels of tiles that are scored."""
    monkeypatch.setattr(light_sources, "MADE_SCENES", 1)
    grey = np.full((24, 24, 3), 90, np.uint8)
    for folder, kind in (("tiles512", "mask"), ("full", "mask"), ("forest", "forest")):
        there = tmp_path / f"deepglobe_{folder}"
        there.mkdir()
        for name in ("ours", "theirs"):
            Image.fromarray(grey).save(there / f"{name}_sat.jpg")
            mask = np.full((24, 24), 1, np.uint8) if kind == "forest" else grey * 0 + [0, 255, 255]
            Image.fromarray(mask.astype(np.uint8)).save(there / f"{name}_{kind}.png")
    split = {kind: ["ours"] for kind in ("tiles", "full", "forest")}
    sources = read_sources(tmp_path, split, TABLE)
    read = {s.name: [f.name for f in s.frames] for s in sources if s.name != "made"}
    assert read == {kind: ["ours_sat.jpg"] for kind in ("tiles", "full", "forest")}
    images = [
        p.relative_to(tmp_path).as_posix() for p in images_of(tmp_path, split, pseudo_labels=False)
    ]
    assert images == [
        f"deepglobe_{folder}/ours_sat.jpg" for folder in ("tiles512", "full", "forest")
    ]
    (tmp_path / "deepglobe_full_unlabelled").mkdir()
    more = tmp_path / "deepglobe_full_unlabelled" / "x_sat.jpg"
    more.touch()
    assert images_of(tmp_path, split, pseudo_labels=True)[3:] == [more]


def test_each_class_has_its_own_bound_over_all_frames():
    """Half of each class: 200 of 3, which teachers predict well, and 90 of 6, which they do not."""
    frames = [frame([[NOTHING] * 4]), frame([[NOTHING] * 4], "b_sat.jpg")]
    predicted = [
        pseudo_labels([[3, 3, 6, 6]], [[200, 150, 90, 60]]),
        pseudo_labels([[3, 3, 6, 6]], [[210, 140, 95, 50]]),
    ]
    learned = learn_surest(frames, predicted, share=0.5)
    assert [f.labels.tolist() for f in learned] == [[[3, NOTHING, 6, NOTHING]]] * 2


@given(arrays(np.int64, (3, 256), elements=st.integers(0, 9)), st.floats(0.01, 1.0))
def test_the_bound_is_the_highest_that_lets_the_share_through(told, share):
    for pixels, bound in zip(told, least_sure(told, share), strict=True):
        needed = share * pixels.sum()
        assert pixels[bound:].sum() >= needed
        if bound < 255:
            assert pixels[bound + 1 :].sum() < needed


def test_files_are_read_for_their_frame_and_refused_for_another(tmp_path):
    predicted = pseudo_labels([[3, 6], [2, 1]], [[9, 8], [7, 6]])
    Image.fromarray(predicted).save(tmp_path / "a_taught.png")
    assert np.array_equal(read_pseudo_labels(tmp_path, frame([[0, 0], [0, 0]])), predicted)
    with pytest.raises(UserError, match=r"a_taught\.png: is not of its image"):
        read_pseudo_labels(tmp_path, frame([[0, 0, 0]]))
    with pytest.raises(UserError, match=r"b_taught\.png: is missing"):
        read_pseudo_labels(tmp_path, frame([[0]], "b_sat.jpg"))

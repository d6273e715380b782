"""Pictures of the same ground are found, however they were cut, scaled and compressed."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from typer.testing import CliRunner

from napari_uhrnet.cli.app import app
from napari_uhrnet.datasets.splits import part_of_ids
from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.overlaps import Look, check_parts, likeness, members, overlaps
from napari_uhrnet.evaluation.scoring.truth_pairs import Source


def ground(seed, side=500):
    """(side, side, 3) uint8: noise with details of all sizes."""
    rng = np.random.default_rng(seed)
    noise = sum(gaussian_filter(rng.normal(size=(side, side)), s) * s for s in (2, 5, 12, 40))
    grey = np.clip(120 + 40 * noise / noise.std(), 20, 235)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def save(path, pixels, size=None):
    picture = Image.fromarray(pixels)
    if size is not None:
        picture = picture.resize(size, Image.Resampling.BOX)
    path.parent.mkdir(exist_ok=True)
    picture.save(path, quality=80)
    return path


@pytest.fixture
def folders(tmp_path):
    """1 m: two crops of one ground, one of another; 2 m: the whole ground, in part black."""
    one, other = ground(0), ground(1)
    fine, coarse = tmp_path / "fine", tmp_path / "coarse"
    save(fine / "a_sat.jpg", one[:240, :240])
    save(fine / "b_sat.jpg", one[101:341, 51:291])
    save(fine / "c_sat.jpg", other[:240, :240])
    for name in "abc":
        save(fine / f"{name}_mask.png", one[:240, :240])  # no picture, all alike
    scene = one.copy()
    scene[:, :170] = 0
    save(coarse / "d.jpg", scene, (250, 250))
    return fine, coarse


def found_in(sources, parts=None, **options):
    pictures = members(sources, parts or {})
    names = {p.path: p.path.stem[0] for p in pictures}
    return {names[o.one.path] + names[o.other.path]: o.share for o in overlaps(pictures, **options)}


def test_the_same_ground_is_found_and_no_other(folders):
    fine, coarse = folders
    shares = found_in([Source(fine, 1.0), Source(coarse, 2.0)])
    assert set(shares) == {"ab", "ad", "bd"}
    assert shares["ab"] == pytest.approx(139 * 189 / 240**2, abs=0.03)
    assert shares["ad"] == pytest.approx(70 * 240 / 240**2, abs=0.05)  # the rest of it is black
    assert shares["bd"] == pytest.approx((291 - 170) / 240, abs=0.05)


def test_of_a_split_only_pairs_of_different_parts(folders):
    sources = [Source(folders[0], 1.0), Source(folders[1], 2.0)]
    parts = {"a": "train", "b": "train", "c": "val", "d": "val"}
    assert set(found_in(sources, parts, across=True)) == {"ad", "bd"}
    del parts["d"]  # in no part
    assert not found_in(sources, parts, across=True)


def test_progress_ends_at_all(folders):
    told = []
    list(overlaps(members([Source(folders[0], 1.0)], {}), progress=told.append))
    assert told == sorted(told) and told[-1] == 1.0 and len(told) == 3


def test_likeness_is_the_correlation_at_the_best_shift():
    """Against numpy, shift by shift."""
    rng = np.random.default_rng(3)
    looks = []
    for shape in ((7, 9), (8, 6)):
        valid = rng.random(shape) < 0.8
        values = np.where(valid, rng.normal(0, 20, shape), 0).astype(np.float32)
        looks.append(Look(values, valid))
    one, other = looks
    least = min(int(look.valid.sum()) for look in looks)
    best = (-1.0, 0.0)
    for dy in range(-7, 7):
        for dx in range(-5, 9):
            pairs = [
                (one.values[y, x], other.values[y - dy, x - dx])
                for y, x in np.argwhere(one.valid)
                if 0 <= y - dy < 8 and 0 <= x - dx < 6 and other.valid[y - dy, x - dx]
            ]
            if len(pairs) >= max(1, 0.1 * least):
                a, b = np.array(pairs, np.float64).T
                spread = max(a.var() * b.var(), 1.0)
                r = ((a * b).mean() - a.mean() * b.mean()) / np.sqrt(spread)
                best = max(best, (r, len(pairs) / least))
    assert likeness(one, other) == pytest.approx(best, abs=1e-4)


def test_without_data_nothing_is_alike():
    there = Look(np.ones((5, 5), np.float32), np.ones((5, 5), bool))
    empty = Look(np.zeros((5, 5), np.float32), np.zeros((5, 5), bool))
    assert likeness(empty, empty)[0] == 0
    assert likeness(there, empty)[0] == 0


def test_folders_say_what_is_wrong(tmp_path, folders):
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match="none: holds no pictures"):
        members([Source(tmp_path / "none")], {})
    with pytest.raises(UserError, match=r"d\.jpg: has no pixel size, others do"):
        members([Source(folders[0], 1.0), Source(folders[1])], {})
    sizes = {m.pixel_size_m for m in members([Source(f) for f in folders], {})}
    assert sizes == {1.0}  # unknown: taken as the same


def test_the_command_says_which(folders, tmp_path):
    fine, coarse = folders
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": {"fine": ["a", "b"]}, "val": {"x": ["c", "d"]}}))
    arguments = ["data", "overlaps", f"{fine}@1", f"{coarse}@2", "--split", str(split)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{fine / 'a_sat.jpg'} (train) and {coarse / 'd.jpg'} (val) show")
    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert [i["part"] for o in told for i in o["images"]] == ["train", "val"] * 2
    split.write_text(json.dumps({"train": ["a"], "val": ["c"]}))
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "none of the 4 images" in result.stdout and "(2 are in none)" in result.stdout


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        ({"train": ["x"], "val": ["y"]}, "none of the images is in the folders"),
        ({"train": ["a", "b"], "val": ["y"]}, "only images of train are in the folders"),
    ],
)
def test_a_split_without_two_parts_here_is_no_all_clear(folders, tmp_path, split, sentence):
    path = tmp_path / "split.json"
    path.write_text(json.dumps(split))
    with pytest.raises(UserError, match=sentence):
        check_parts(members([Source(folders[0], 1.0)], part_of_ids(path)), str(path))
    arguments = ["data", "overlaps", f"{folders[0]}@1", "--split", str(path)]
    assert CliRunner().invoke(app, arguments).exit_code != 0


def test_an_id_in_two_parts_is_refused(tmp_path):
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"train": ["a"], "val": ["a"]}))
    with pytest.raises(UserError, match="a is in train and in val"):
        part_of_ids(path)
    assert part_of_ids("deepglobe")["119"] in ("train", "val", "test")

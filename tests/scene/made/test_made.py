"""Made scenes: the same seed, the same land, every class looks like something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from napari_uhrnet.resources import resource_path
from napari_uhrnet.scene.made import sample
from napari_uhrnet.scene.made.compose import make_scene
from napari_uhrnet.scene.made.ground import Ground, cast_shadow, shifted
from napari_uhrnet.scene.made.parcels import CutRule, cut, merge
from napari_uhrnet.scene.made.terrain import lay_out, settle

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def shares(labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(6,) share of each class id 1 to 6."""
    return np.bincount(labels.ravel(), minlength=7)[1:] / labels.size


def test_a_seed_always_gives_the_same_bytes_and_another_seed_does_not() -> None:
    first, again, other = make_scene(3, 256, 2.0), make_scene(3, 256, 2.0), make_scene(4, 256, 2.0)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.labels, other.labels)
    assert (first.image != other.image).mean() > 0.5


@pytest.mark.parametrize("size_px", [1, 100, 257])
def test_shape_and_dtype(size_px: int) -> None:
    scene = make_scene(1, size_px, 1.196)
    assert scene.image.shape == (size_px, size_px, 3)
    assert scene.labels.shape == (size_px, size_px)
    assert scene.image.dtype == scene.labels.dtype == np.uint8
    assert scene.pixel_size_m == 1.196


def test_every_scene_has_four_classes_or_more_and_only_known_ids() -> None:
    for seed in range(20):
        ground = settle(Ground(seed, 204, 6.0))
        labels = lay_out(ground).labels
        assert set(np.unique(labels)) <= {1, 2, 3, 4, 5, 6}
        assert (shares(labels) > 0.01).sum() >= 4, f"seed {seed}"


def test_every_class_covers_much_and_little_over_the_seeds() -> None:
    all_shares = np.array([shares(lay_out(settle(Ground(s, 102, 12.0))).labels) for s in range(30)])
    assert (all_shares.min(axis=0) < 0.06).all()
    assert (all_shares.max(axis=0) > 0.2).all()


@pytest.mark.parametrize("seed", [0, 2, 5])
def test_another_pixel_size_shows_the_same_land(seed: int) -> None:
    fine = lay_out(settle(Ground(seed, 1224, 1.0))).labels
    coarse = lay_out(settle(Ground(seed, 512, 1224.7 / 512))).labels
    at = ((np.arange(512) + 0.5) * 1224 / 512).astype(int)
    assert np.abs(shares(fine) - shares(coarse)).max() < 0.01
    assert (fine[np.ix_(at, at)] == coarse).mean() > 0.97


def test_noise_keeps_its_wavelength_in_metres_and_is_of_unit_strength() -> None:
    fine = Ground(7, 800, 0.5).noise("any", 40)
    coarse = Ground(7, 200, 2.0).noise("any", 40)
    assert np.abs(ndimage.uniform_filter(fine, 4)[2::4, 2::4] - coarse).max() < 0.1
    assert fine.std() == pytest.approx(1, abs=0.25)
    assert not np.allclose(coarse, Ground(7, 200, 2.0).noise("another", 40))


def test_parcels_have_the_size_asked_for_and_positions_inside_of_them() -> None:
    ground = Ground(1, 400, 1.0)
    parcels = cut(ground, "any", CutRule(0.4, (30, 40), (50, 60), 0))
    size = parcels.size_uv_m[parcels.index]
    assert size[..., 0].min() >= 29.9
    assert size[..., 0].max() <= 40.1
    assert size[..., 1].min() >= 49.9
    assert size[..., 1].max() <= 60.1
    assert (parcels.u_m > -0.3).all()
    assert (parcels.u_m < size[..., 0] + 0.3).all()
    edge = parcels.edge_m(np.arange(400 * 400))
    assert edge.max() <= 20.1
    whole = np.bincount(parcels.index.ravel(), minlength=len(parcels.size_uv_m))
    inner = (np.abs(parcels.centre_yx_m - 200) < 140).all(axis=1)
    assert whole[inner] == pytest.approx(parcels.size_uv_m[inner].prod(axis=1), rel=0.1)
    middles = parcels.at_centres(parcels.index.astype(np.float32), 1.0)
    assert np.array_equal(middles[inner], np.flatnonzero(inner))


def test_merged_parcels_stay_apart() -> None:
    ground = Ground(1, 64, 2.0)
    one = cut(ground, "one", CutRule(0, (20, 30), (20, 30), 0))
    two = cut(ground, "two", CutRule(1, (20, 30), (20, 30), 0))
    choice = np.zeros((64, 64), np.uint8)
    choice[:, 32:] = 1
    both = merge(choice, [one, two])
    assert np.array_equal(both.index[:, :32], one.index[:, :32])
    assert np.array_equal(both.index[:, 32:], two.index[:, 32:] + len(one.size_uv_m))
    assert np.array_equal(both.size_uv_m[both.index[0, 40]], two.size_uv_m[two.index[0, 40]])


def test_shifted_brings_nothing_in_and_shadows_fall_away_from_the_angle() -> None:
    mask = np.zeros((7, 9), bool)
    mask[3, 4] = True
    assert np.argwhere(shifted(mask, 2, -3)).tolist() == [[5, 1]]
    assert not shifted(np.ones((3, 3), bool), 1, 0)[0].any()
    shadow = cast_shadow(mask, np.pi / 2, 4.0, 2.0)
    assert np.argwhere(shadow).tolist() == [[4, 4], [5, 4]]


def test_classes_differ_in_colour_or_texture_but_are_not_flat() -> None:
    features: dict[int, list[NDArray[np.float64]]] = {k: [] for k in range(1, 7)}
    for seed in (36, 65, 312):
        scene = make_scene(seed, 512, 2.0)
        image = scene.image.astype(float)
        grey = image.mean(axis=2)
        smooth = ndimage.gaussian_filter(grey, 1.5)
        texture = [
            4 * np.abs(grey - smooth),
            4 * np.abs(smooth - ndimage.gaussian_filter(grey, 12)),
        ]
        for k in range(1, 7):
            here = scene.labels == k
            assert image[here].std(axis=0).min() > 3, f"seed {seed}, class {k} is flat"
            features[k].append(
                np.append(image[here].mean(axis=0), [t[here].mean() for t in texture])
            )
    centres = np.array([np.mean(features[k], axis=0) for k in range(1, 7)])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    assert apart[np.triu_indices(6, 1)].min() > 6
    urban, fields, _, forest, water, barren = centres
    assert urban[3] > centres[1:, 3].max()
    assert water[3] < np.delete(centres, 4, axis=0)[:, 3].min()
    assert forest[3] > 1.15 * fields[3], "woods without crowns"
    assert forest[:3].sum() < fields[:3].sum() < barren[:3].sum()


@pytest.fixture(scope="module")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "scenes"
    sample.write_sample(folder)
    return folder


def test_the_sample_is_small_and_complete(sample_folder: Path) -> None:
    names = sorted(p.name for p in sample_folder.iterdir())
    assert names == ["NOTICE.md", "landcover.tif", "landcover_mask.tif"]
    assert sum(p.stat().st_size for p in sample_folder.glob("*.tif")) <= 3_000_000
    notice = (sample_folder / "NOTICE.md").read_text(encoding="utf-8")
    assert f"seed {sample.SAMPLE_SEED}" in notice
    assert "BSD-3-Clause" in notice


def test_the_sample_is_georeferenced_tiled_and_has_overviews(sample_folder: Path) -> None:
    import rasterio

    with (
        rasterio.open(sample_folder / "landcover.tif") as picture,
        rasterio.open(sample_folder / "landcover_mask.tif") as truth,
    ):
        for dataset in (picture, truth):
            assert dataset.crs.to_epsg() == 32633
            assert dataset.res == (0.5, 0.5)
            assert dataset.block_shapes[0] == (512, 512)
            assert dataset.overviews(1) == [2, 4, 8]
        assert picture.transform == truth.transform
        assert (picture.count, truth.count) == (3, 1)
        colours = truth.colormap(1)
        assert colours[1] == (0, 255, 255, 255)
        assert colours[6] == (255, 255, 255, 255)
        coarse = truth.read(1, out_shape=(306, 306))
        assert set(np.unique(coarse)) <= {1, 2, 3, 4, 5, 6}


def test_the_sample_holds_the_made_scene(sample_folder: Path) -> None:
    import tifffile

    scene = make_scene(sample.SAMPLE_SEED)
    assert np.array_equal(tifffile.imread(sample_folder / "landcover_mask.tif"), scene.labels)
    assert shares(scene.labels).min() >= 0.03
    with tifffile.TiffFile(sample_folder / "landcover.tif") as file:
        levels = file.series[0].levels
        assert [level.shape[0] for level in levels] == [2448, 1224, 612, 306]
        picture = levels[0].asarray()
    assert np.abs(picture.astype(int) - scene.image).mean() < 4


@pytest.mark.parametrize(("name", "tolerance"), [("landcover.tif", 8), ("landcover_mask.tif", 0)])
def test_the_shipped_sample_is_what_the_code_draws(
    sample_folder: Path, name: str, tolerance: int
) -> None:
    import tifffile

    shipped = tifffile.imread(resource_path("scenes", name)).astype(int)
    drawn = tifffile.imread(sample_folder / name).astype(int)
    # Another processor may round a pixel at an outline to the other side.
    assert (np.abs(shipped - drawn) > tolerance).mean() < 1e-3

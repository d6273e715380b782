"""Masks on disk: ids, colours, georeference, pyramids; and nothing at all when something fails."""

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
import zarr
from PIL import Image

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.maps import palette_png
from napari_uhrnet.export.maps.mask import check_mask_path, write_mask
from napari_uhrnet.geometry.classes import ClassTable, LabelClass

CLASSES = ClassTable(
    "made",
    (LabelClass(0, "water", (0, 0, 255)), LabelClass(3, "forest", (0, 128, 0))),
)
SUFFIXES = (".tif", ".png", ".zarr")
UTM = rasterio.crs.CRS.from_epsg(32632).to_wkt()
TRANSFORM = (0.5, 0.0, 600000.0, 0.0, -0.5, 5200000.0)


def made(height, width):
    y, x = np.mgrid[:height, :width]
    ids = np.where((y // 37 + x // 53) % 2, 3, 0).astype(np.uint8)
    ids[(y + 2 * x) % 71 == 0] = 255
    return ids


def write(path, ids, **more):
    write_mask(path, lambda w: ids[w.slices], ids.shape, CLASSES, **more)


@pytest.fixture(params=[(1, 1), (300, 1200), (2100, 2600)], ids=str)
def ids(request):
    return made(*request.param)


def only(folder):
    return sorted(p.name for p in folder.iterdir())


def test_geotiff(tmp_path, ids):
    write(tmp_path / "m.tif", ids, crs=UTM, transform=TRANSFORM)
    with rasterio.open(tmp_path / "m.tif") as file:
        np.testing.assert_array_equal(file.read(1), ids)
        assert file.nodata == 255
        assert file.crs.to_epsg() == 32632
        assert tuple(file.transform)[:6] == TRANSFORM
        assert file.colormap(1)[3] == (0, 128, 0, 255)
        assert file.profile["compress"] == "deflate"
        assert file.profile["tiled"] and file.profile["blockxsize"] == 512
        steps = file.overviews(1)
        assert max(-(-n // max([1, *steps])) for n in ids.shape) <= 512
    for level in range(len(steps)):
        with rasterio.open(tmp_path / "m.tif", overview_level=level) as file:
            np.testing.assert_array_equal(file.read(1), ids[:: steps[level], :: steps[level]])
    assert only(tmp_path) == ["m.tif"]


def test_geotiff_without_georeference_has_none(tmp_path, recwarn):
    write(tmp_path / "m.tiff", made(20, 30))
    assert not recwarn.list
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        file = rasterio.open(tmp_path / "m.tiff")
    with file:
        assert file.crs is None and file.transform.is_identity


def test_palette_png(tmp_path, ids):
    write(tmp_path / "m.png", ids, crs=UTM, transform=TRANSFORM)
    with Image.open(tmp_path / "m.png") as image:
        image.load()
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), ids)
        assert image.getpalette()[9:12] == [0, 128, 0]
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA"))[..., 3] == 0, ids == 255)
    assert only(tmp_path) == ["m.png"]


def test_ome_zarr(tmp_path, ids):
    write(tmp_path / "m.zarr", ids, crs=UTM, transform=TRANSFORM)
    group = zarr.open_group(tmp_path / "m.zarr", mode="r")
    ome = group.attrs["ome"]
    assert ome["version"] == "0.5"
    (multiscale,) = ome["multiscales"]
    assert [a["name"] for a in multiscale["axes"]] == ["y", "x"]
    for dataset in multiscale["datasets"]:
        ((kind, (step_y, step_x)),) = [
            (t["type"], t["scale"]) for t in dataset["coordinateTransformations"]
        ]
        assert kind == "scale" and step_y == step_x
        array = group[dataset["path"]]
        assert max(array.chunks) <= 1024
        np.testing.assert_array_equal(array[:], ids[:: int(step_y), :: int(step_x)])
    assert max(array.shape) <= 1024
    colours = {c["label-value"]: c["rgba"] for c in ome["image-label"]["colors"]}
    assert colours == {0: [0, 0, 255, 255], 3: [0, 128, 0, 255], 255: [0, 0, 0, 0]}
    assert group.attrs["georeference"] == {"crs": UTM, "transform": list(TRANSFORM)}
    assert only(tmp_path) == ["m.zarr"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_progress_ends_at_one(tmp_path, suffix):
    seen = []
    write(tmp_path / f"m{suffix}", made(2500, 2500), progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_existing_mask_is_replaced_only_by_a_whole_one(tmp_path, suffix):
    path = tmp_path / f"m{suffix}"
    write(path, made(50, 60))

    def content():
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        return [p.read_bytes() for p in files]

    before = content()
    for error in (KeyboardInterrupt, UserError("the store is gone"), RuntimeError("a bug")):

        def read(window, error=error):
            raise error

        with pytest.raises(error if isinstance(error, type) else type(error)):
            write_mask(path, read, (50, 60), CLASSES)
        assert content() == before
        assert only(tmp_path) == [path.name]
    write(path, made(70, 60))
    assert content() != before
    assert only(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_memory_does_not_grow_with_the_mask(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(palette_png, "_STRIP_BYTES", 2**20)

    def peak(height):
        block = np.zeros((16 * 2**20,), np.uint8)
        tracemalloc.start()
        shape = (height, 2560)
        write_mask(
            tmp_path / f"m{suffix}",
            lambda w: block[: w.area_px].reshape(w.shape_yx),
            shape,
            CLASSES,
        )
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(3072)
    assert peak(10240) < 1.3 * peak(3072) + 2**20


@pytest.mark.parametrize(
    ("name", "words"),
    [("m.jpg", "written as"), ("m", "written as"), ("no/m.tif", "no folder"), ("d.tif", "folder")],
)
def test_impossible_paths_are_refused_in_a_sentence(tmp_path, name, words):
    (tmp_path / "d.tif").mkdir()
    with pytest.raises(UserError, match=words):
        write(tmp_path / name, made(3, 3))
    assert only(tmp_path) == ["d.tif"]


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_is_no_zarr_is_not_replaced_by_one(tmp_path, is_folder):
    path = tmp_path / "m.zarr"
    if is_folder:
        path.mkdir()
        (path / "holiday.jpg").touch()
    else:
        path.touch()
    with pytest.raises(UserError, match="no zarr"):
        check_mask_path(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"):
        check_mask_path(tmp_path / "m.tif")


LIMITED = """
import json, resource, signal, sys
from pathlib import Path
import numpy as np
from napari_uhrnet.errors import UserError
from napari_uhrnet.export.maps.mask import write_mask
from tests.export.maps.test_mask import CLASSES
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
noise = np.random.default_rng(0).choice(np.array([0, 3], np.uint8), (900, 900))
found = {}
for limit in json.loads(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    path = Path(sys.argv[1]).with_stem(f"m{limit}")
    try:
        write_mask(path, lambda w: noise[w.slices], noise.shape, CLASSES)
    except UserError as error:
        found[limit] = str(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps(found))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_nothing_wherever_it_strikes(tmp_path, suffix):
    root = Path(__file__).parents[3]
    noise = np.random.default_rng(0).choice(np.array([0, 3], np.uint8), (900, 900))
    write(tmp_path / f"full{suffix}", noise)
    whole = tmp_path / f"full{suffix}"
    size = max(p.stat().st_size for p in (whole, *whole.rglob("c/*/*")) if p.is_file())
    limits = [10, *(size * k // 16 for k in range(1, 16)), size - 300, size - 1]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / f"m{suffix}"), json.dumps(limits)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert sorted(found, key=int) == [str(limit) for limit in limits]
    assert all("the disk is full" in sentence for sentence in found.values()), found
    assert only(tmp_path) == [whole.name]
    assert done.stderr == ""

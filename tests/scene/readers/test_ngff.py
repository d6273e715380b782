from __future__ import annotations

import numpy as np
import pytest
import zarr

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from tests.scene.pictures import noise, whole


def write(path, pixels, axes, version="0.5", unit="micrometer", scale=0.5, halved=None):
    group = zarr.open_group(path, mode="w", zarr_format=3 if version == "0.5" else 2)
    datasets = []
    for k, array in enumerate([pixels] if halved is None else [pixels, halved]):
        group.create_array(str(k), data=array, chunks=tuple(min(n, 32) for n in array.shape))
        scales = [scale * 2**k if axis in "yx" else 1.0 for axis in axes]
        transform = [{"type": "scale", "scale": scales}]
        datasets.append({"path": str(k), "coordinateTransformations": transform})
    named = [{"name": axis, **({"unit": unit} if axis in "yx" else {})} for axis in axes]
    multiscales = [{"axes": named, "datasets": datasets}]
    if version == "0.5":
        group.attrs["ome"] = {"version": version, "multiscales": multiscales}
    else:
        group.attrs["multiscales"] = [{**multiscales[0], "version": version}]
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["cyx", "yxc", "tczyx"])
def test_axes_in_any_order(tmp_path, version, axes):
    pixels = noise((60, 90, 3))
    sizes = {"c": 2, "y": 0, "x": 1}
    stored = pixels.transpose([sizes[a] for a in axes if a in sizes])
    for place, axis in enumerate(axes):
        if axis not in sizes:
            stored = np.expand_dims(stored, place)
    path = write(tmp_path / "a.zarr", stored, axes, version)
    with open_scene(path) as scene:
        assert np.array_equal(whole(scene)[0], pixels)
        assert np.array_equal(scene.read(Window(20, 31, 30, 50), 0)[0], pixels[20:50, 31:81])
        assert np.array_equal(scene.levels[0].compute(), pixels)
        assert scene.pixel_size_m == pytest.approx(5e-7)
        assert scene.picture.format == "OME-Zarr"


def test_grey_with_levels_in_a_folder_of_any_name(tmp_path):
    pixels = noise((60, 90))
    path = write(tmp_path / "folder", pixels, "yx", halved=pixels[::2, ::2], unit="meter", scale=3)
    with open_scene(path) as scene:
        assert scene.level_shapes == [(60, 90), (30, 45)]
        assert np.array_equal(whole(scene, 1)[0][..., 2], pixels[::2, ::2])
        assert scene.pixel_size_m == pytest.approx(3)


def test_without_a_unit_the_pixel_size_is_unknown(tmp_path):
    with open_scene(write(tmp_path / "a.zarr", noise((60, 90)), "yx", unit=None)) as scene:
        assert scene.pixel_size_m is None


def test_a_stack_is_refused(tmp_path):
    path = write(tmp_path / "a.zarr", noise((4, 60, 90)), "zyx")
    with pytest.raises(UserError, match="stack"):
        open_scene(path)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"multiscales": []},
        {"multiscales": [{"axes": [], "datasets": [{"path": "9"}]}]},
        {"multiscales": [{"axes": ["y", "x"], "datasets": []}]},
        {"ome": {"plate": {}}},
    ],
)
def test_other_zarr_folders_are_refused(tmp_path, attributes):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    group.create_array("0", data=noise((6, 9)))
    group.attrs.update(attributes)
    with pytest.raises(UserError, match=r"a\.zarr: (this folder is not|the folder holds)"):
        open_scene(tmp_path / "a.zarr")


def test_metadata_that_is_no_json_is_refused(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_text("{nonsense")
    with pytest.raises(UserError, match=r"a\.zarr: this folder is not"):
        open_scene(tmp_path / "a.zarr")


def test_a_damaged_chunk_is_refused_when_read(tmp_path):
    path = write(tmp_path / "a.zarr", noise((60, 90)), "yx")
    (chunk,) = (path / "0" / "c" / "0").glob("2")
    chunk.write_bytes(b"\xff" * 50)
    with open_scene(path) as scene:
        scene.read(Window(0, 0, 10, 10), 0)
        with pytest.raises(UserError, match="damaged"):
            whole(scene)


@pytest.mark.parametrize(
    "multiscales",
    [
        ["abc"],
        "abc",
        {"0": 1},
        [[]],
        [{"axes": [{"name": "y"}, {"name": "x"}], "datasets": [{"path": ""}]}],
        [{"axes": [{"name": "y"}, {"name": "x"}], "datasets": [{"path": "../b.zarr/0"}]}],
        [{"axes": [{"name": "y"}, {"name": "x"}], "datasets": [{"path": "http://127.0.0.1:9/0"}]}],
        [{"axes": [{"name": "y"}, {"name": "x"}], "datasets": [{"path": 0}]}],
        [{"axes": "yx", "datasets": []}],
        [{"axes": [1, None], "datasets": [{"path": "0"}]}],
    ],
)
def test_metadata_of_the_wrong_shape_is_refused_in_a_sentence(tmp_path, multiscales):
    write(tmp_path / "b.zarr", noise((60, 90)), "yx")
    path = write(tmp_path / "a.zarr", noise((60, 90)), "yx")
    zarr.open_group(path, mode="r+").attrs["ome"] = {"version": "0.5", "multiscales": multiscales}
    with pytest.raises(UserError, match="not an OME-Zarr image"):
        open_scene(path)


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), 1e300])
def test_scales_that_are_not_possible_count_as_unknown(tmp_path, scale):
    with open_scene(write(tmp_path / "a.zarr", noise((60, 90)), "yx", scale=scale)) as scene:
        assert scene.pixel_size_m is None
        assert any("counts as unknown" in note for note in scene.notes)


def test_nested_metadata_huge_chunks_and_values_that_are_no_numbers(tmp_path):
    path = write(tmp_path / "a.zarr", noise((60, 90)), "yx")
    (path / "zarr.json").write_text('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(UserError, match="not an OME-Zarr image"):
        open_scene(path)
    with pytest.raises(UserError, match="complex64"):
        open_scene(write(tmp_path / "b.zarr", noise((60, 90)).astype("complex64"), "yx"))
    path = write(tmp_path / "c.zarr", noise((60, 90)), "yx")
    array = path / "0" / "zarr.json"
    array.write_text(array.read_text().replace("32", "40000"))
    with pytest.raises(UserError, match="one chunk holds"):
        open_scene(path)
    array.write_text(array.read_text().replace("40000", "1000").replace("60", "19000000"))
    with pytest.raises(UserError, match="far more than it stores"):
        open_scene(path)

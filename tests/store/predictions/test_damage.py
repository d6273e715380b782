"""A damaged cache is made anew: a prediction can be computed again."""

import io
import json

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from tests.store.annotations.test_damage import ODD_NOTES
from tests.store.made import SHAPE, assert_consistent, open_store, values


@pytest.fixture
def cached(tmp_path):
    """The folder of a store with two finished rectangles."""
    with open_store(tmp_path / "s") as store:
        for cell in ((0, 0), (3, 2)):
            store.write(*cell, values(store.window(*cell)))
    return tmp_path / "s"


def assert_made_anew(folder):
    with open_store(folder) as store:
        assert not store.finished().any()
        store.write(0, 0, values(store.window(0, 0)))
        store.flush()
        assert_consistent(store)


@pytest.mark.parametrize("note", ODD_NOTES)
def test_after_an_odd_note_the_store_is_made_anew(cached, note):
    (cached / "pending.json").write_text(note)
    assert_made_anew(cached)
    assert not (cached / "pending.json").exists()


def npz(**changes):
    file = io.BytesIO()
    arrays = {
        "bits": np.zeros(6, np.uint8),
        "cells_yx": np.array([7, 6]),
        "counts": np.zeros((2, 256), np.int64),
    }
    np.savez(file, **(arrays | changes))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"\x93NUMPY",
        npz()[:-30],
        npz(cells_yx=np.array([10**9, 10**9])),
        npz(cells_yx=np.array(3)),
        npz(bits=np.zeros(5, np.uint8)),
        npz(counts=np.zeros((2, 256))),
        npz(counts=np.zeros((1, 256), np.int64)),
        npz(bits=np.array(["a"])),
    ],
)
def test_without_a_list_of_what_is_finished_the_store_is_made_anew(cached, content):
    (cached / "finished.npz").write_bytes(content)
    assert_made_anew(cached)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"zarr_format": 3}', "[" * 100_000, "\0"])
def test_without_metadata_the_store_is_made_anew(cached, text):
    (cached / "zarr.json").write_text(text)
    assert_made_anew(cached)


@pytest.mark.parametrize("change", [{"shape": [5, 5]}, {"data_type": "float64"}, {"codecs": []}])
def test_with_other_arrays_the_store_is_made_anew(cached, change):
    file = cached / "fused" / "labels" / "0" / "zarr.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert_made_anew(cached)


def test_a_damaged_chunk_is_told_and_the_next_opening_makes_the_store_anew(cached):
    file = cached / "fused" / "labels" / "0" / "c" / "0" / "0"
    file.write_bytes(b"\x28\xb5\x2f\xfd" + b"\xff" * 40)
    with open_store(cached) as store, pytest.raises(UserError, match="segment again"):
        store.read("fused/labels", Window.of_shape(SHAPE))
    assert_made_anew(cached)

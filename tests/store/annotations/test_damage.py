"""Corrections whose files were damaged: what follows from the pixels is counted again."""

import json

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from tests.store.strokes import assert_counted, create, stroke

ODD_NOTES = ["", "[[0,", "null", "5", "[[1]]", '[["a","b"]]', "[[1e999,0]]", '{"a":1}', "[" * 10**5]
ODD_NOTES += ["[[99999,0]]", "[[-1,0]]", "[[true,0]]", "\0\0\0"]


@pytest.fixture
def corrected(tmp_path):
    """The folder of a store with twelve strokes."""
    with create(tmp_path / "s") as store:
        for number in range(12):
            store.write(*stroke(number))
    return tmp_path / "s"


def damages(content):
    row = json.loads(content)
    other = {**row, "row": {j: {} for j in row["row"]}}
    yield from (b"", content[:50], b"\xff\x00\x01", b"[]", b"{}", None, b"[" * 100_000)
    yield json.dumps(row["row"]).encode()
    yield json.dumps(other).encode()


def test_counts_that_are_missing_or_damaged_are_counted_again(corrected):
    files = sorted((corrected / "counts").glob("*.json"))
    assert len(files) > 1
    good = files[0].read_bytes()
    for bad in damages(good):
        if bad is None:
            files[0].unlink()
        else:
            files[0].write_bytes(bad)
        with AnnotationStore.open(corrected) as store:
            assert_counted(store)
            store.write(Window(1, 1, 3, 3), np.full((3, 3), 2, np.uint8))
            assert_counted(store)
            assert "checksum" in json.loads(files[0].read_text())


@pytest.mark.parametrize("note", ODD_NOTES)
def test_after_an_odd_note_everything_is_counted(corrected, note):
    (corrected / "counts" / "0.json").write_text('{"checksum": 0}')
    (corrected / "pending.json").write_text(note)
    with AnnotationStore.open(corrected) as store:
        store.claim()
        assert_counted(store)
    assert not (corrected / "pending.json").exists()
    assert json.loads((corrected / "counts" / "0.json").read_text())["row"]


@pytest.mark.parametrize(
    "change",
    [
        {"shape_yx": [0, 5]},
        {"shape_yx": [2.5, 5]},
        {"shape_yx": 5},
        {"format": "1"},
        {"classes": {}},
        {"fingerprint": 5},
        {"checkpoints": [1]},
        {"checkpoints": ["a"] * 256},
    ],
)
def test_odd_attributes_are_one_sentence(corrected, change):
    file = corrected / "pixels.zarr" / "zarr.json"
    whole = json.loads(file.read_text())
    whole["attributes"]["napari_uhrnet_annotation"] |= change
    file.write_text(json.dumps(whole))
    with pytest.raises(UserError, match="no corrections that can be read"):
        AnnotationStore.open(corrected)


def test_a_damaged_chunk_is_named(corrected):
    file = next((corrected / "pixels.zarr" / "labels" / "c").rglob("*/*"))
    file.write_bytes(file.read_bytes()[:10])
    with AnnotationStore.open(corrected) as store, pytest.raises(UserError, match=file.name):
        store.read(Window.of_shape(store.shape_yx))

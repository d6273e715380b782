"""PredictionStore: what is read, counted and shown after writing in any order, and its refusals."""

import errno
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.files import disk
from napari_uhrnet.store.predictions import prediction
from napari_uhrnet.store.predictions.layout import StoreLayout
from tests.store.made import (
    CELLS,
    COLUMN_EDGES,
    PLANES,
    ROW_EDGES,
    SHAPE,
    WHOLE,
    assert_consistent,
    open_store,
    values,
)


def put(store, *cells):
    for cell in cells:
        store.write(*cell, values(store.window(*cell)))


def test_nothing_is_finished_at_first(tmp_path):
    with open_store(tmp_path / "s") as store:
        assert not store.finished().any()
        assert store.flush() == ()
        assert_consistent(store)


def test_written_rectangles_are_readable_after_flush_only(tmp_path):
    with open_store(tmp_path / "s") as store:
        put(store, (0, 0), (3, 2))
        assert not store.finished().any()
        assert store.flush() == (store.window(0, 0), store.window(3, 2))
        assert store.is_finished(3, 2) and store.finished().sum() == 2
        assert store.flush() == ()
        assert_consistent(store)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_levels_are_strided_in_whatever_order_rectangles_come(tmp_path_factory, data):
    cells = data.draw(st.permutations(CELLS))[: data.draw(st.integers(1, len(CELLS)))]
    with open_store(tmp_path_factory.mktemp("order") / "s") as store:
        for cell in cells:
            put(store, cell)
            if data.draw(st.integers(0, 4)) == 0:
                store.flush()
        store.flush()
        assert_consistent(store)


def test_reopened_store_knows_everything(tmp_path):
    with open_store(tmp_path / "s") as store:
        put(store, *CELLS[5:20])
    with open_store(tmp_path / "s") as store:
        assert store.finished().sum() == 15
        assert store.attributes["model"] == "made"
        assert_consistent(store)


def test_read_gives_nothing_where_no_rectangle_is_finished(tmp_path):
    with open_store(tmp_path / "s") as store:
        put(store, (1, 1))
        store.flush()
        window = store.window(1, 1)
        around = window.expand(7)
        expected = np.full(around.shape_yx, 255, np.uint8)
        expected[7:-7, 7:-7] = WHOLE["fused/labels"][window.slices]
        np.testing.assert_array_equal(store.read("fused/labels", around), expected)
        with pytest.raises(ValueError, match="inside"):
            store.read("fused/labels", Window(0, 0, 9999, 1))


def test_a_flush_touches_each_chunk_once(tmp_path, monkeypatch):
    written = []
    original = disk.ChunkFiles.write

    def write(self, index, chunk):
        written.append((self._folder, index))
        original(self, index, chunk)

    monkeypatch.setattr(disk.ChunkFiles, "write", write)
    with open_store(tmp_path / "s") as store:
        put(store, *CELLS)
        store.flush()
        assert len(written) == len(set(written))
        level0 = [w for w in written if w[0].name == "0"]
        assert len(level0) == 3 * 3 * len(PLANES)


def test_much_gathered_is_flushed_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(prediction, "MAX_GATHERED_BYTES", 400_000)
    with open_store(tmp_path / "s") as store:
        put(store, *CELLS[:10])
        assert store.finished().any()
        assert len(store.flush()) == 10


def test_other_stores_rectangles_are_seen_and_kept(tmp_path):
    with open_store(tmp_path / "s") as one, open_store(tmp_path / "s") as other:
        put(one, *CELLS[:9])
        one.flush()
        assert not other.finished().any()
        other.refresh()
        assert other.finished().sum() == 9
        put(other, *CELLS[6:14])  # three of them a second time
        assert len(other.flush()) == 8
        one.refresh()
        assert one.finished().sum() == 14
        assert_consistent(one)


@pytest.mark.parametrize(
    "changes",
    [
        {"planes": PLANES[:2]},
        {"row_edges": (0, 500, 1150)},
        {"shape_yx": (1150, 1301), "column_edges": (*COLUMN_EDGES[:-1], 1301)},
    ],
)
def test_a_store_of_another_kind_is_made_anew(tmp_path, changes):
    with open_store(tmp_path / "s") as store:
        put(store, *CELLS)
    with open_store(tmp_path / "s", **changes) as store:
        assert not store.finished().any()
        assert (store.levels("fused/labels")[0][:] == 255).all()
    assert not list(tmp_path.glob("*.deleting"))


def test_a_store_in_use_is_not_made_anew(tmp_path):
    with open_store(tmp_path / "s") as store:
        put(store, (0, 0))
        with pytest.raises(UserError, match="another program"):
            open_store(tmp_path / "s", planes=PLANES[:1])
    with open_store(tmp_path / "s") as store:
        assert store.is_finished(0, 0)


@pytest.mark.parametrize("name", ["zarr.json", "finished.npz", "global/labels/1/zarr.json"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", None])
def test_a_damaged_store_is_made_anew(tmp_path, name, content):
    with open_store(tmp_path / "s") as store:
        put(store, *CELLS)
    damaged = tmp_path / "s" / name
    damaged.unlink()
    if content is not None:
        damaged.write_bytes(content)
    with open_store(tmp_path / "s") as store:
        assert_consistent(store)
        assert not store.finished().any()


@pytest.mark.parametrize(
    ("code", "sentence"), [(errno.ENOSPC, "disk is full"), (errno.EIO, "cannot be used")]
)
def test_a_failing_disk_is_said_and_flush_can_be_tried_again(tmp_path, monkeypatch, code, sentence):
    with open_store(tmp_path / "s") as store:
        put(store, *CELLS[:3])
        store.flush()
        put(store, *CELLS[3:12])
        with monkeypatch.context() as patch:
            original, calls = disk.ChunkFiles.write, []

            def write(self, index, chunk):
                calls.append(index)
                if len(calls) > 7:
                    raise OSError(code, os.strerror(code))
                original(self, index, chunk)

            patch.setattr(disk.ChunkFiles, "write", write)
            with pytest.raises(UserError, match=sentence):
                store.flush()
        assert store.finished().sum() == 3
        assert len(store.flush()) == 9
        assert_consistent(store)


def test_a_store_can_be_closed_by_another_thread_and_twice(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    store = open_store(tmp_path / "s")
    put(store, (0, 0))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(store.close).result()
    store.close()
    assert not list(tmp_path.glob("*.inuse"))
    assert store.is_finished(0, 0)


def test_wrong_values_are_refused(tmp_path):
    with open_store(tmp_path / "s") as store:
        good = values(store.window(0, 0))
        with pytest.raises(ValueError, match="planes"):
            store.write(0, 0, {"fused/labels": good["fused/labels"]})
        with pytest.raises(ValueError, match="shape"):
            store.write(0, 1, good)
        with pytest.raises(ValueError, match="uint8"):
            store.write(0, 0, {k: v.astype(int) for k, v in good.items()})


@given(height=st.integers(1, 5000), width=st.integers(1, 5000))
def test_pyramid_ends_with_a_level_for_the_thumbnail(height, width):
    layout = StoreLayout((height, width), (0, height), (0, width), ("fused/labels",))
    shapes = [layout.level_shape(s) for s in layout.steps]
    assert shapes[0] == (height, width)
    assert max(shapes[-1]) <= 64
    if max(height, width) > 1:
        assert max(shapes[-2]) <= 512
        assert len(set(shapes)) == len(shapes) >= 2


def test_edges_must_fit_the_shape():
    with pytest.raises(ValueError, match="edges"):
        StoreLayout(SHAPE, ROW_EDGES, (0, 5, 5, 1300), PLANES)
    with pytest.raises(ValueError, match="edges"):
        StoreLayout(SHAPE, ROW_EDGES, (0, 1301), PLANES)

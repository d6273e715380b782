"""Entries of a journal that are whole but odd: one sentence, and the pixels stay as they are."""

import struct
import zlib

import numpy as np
import pytest
from numcodecs import Zstd

from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.store.annotations.change import Change
from napari_uhrnet.store.journal.journal import Journal
from tests.store.strokes import create, state, stroke


def frame(payload):
    return struct.pack("<II", len(payload), zlib.crc32(payload)) + payload


def change(body):
    return b'{"entry": "change", "kind": "paint"}\n' + body


def packed(*window, tail=b""):
    return Zstd().encode(np.array(window, np.int64).tobytes() + tail)


ODD = {
    "undo of nothing": [b'{"entry": "undo"}\n'] * 90,
    "redo of nothing": [b'{"entry": "redo"}\n'] * 50,
    "end of nothing": [b'{"entry": "end", "kind": "x"}\n'],
    "no JSON": [b"abc\n"],
    "deep": [b"[" * 100_000],
    "no entry": [b"{}\n"],
    "unknown entry": [b'{"entry": "nope"}\n'],
    "not UTF-8": [b"\xff\xfe\n"],
    "number": [b"5\n"],
    "no kind": [b'{"entry": "change"}\n'],
    "kind 5": [b'{"entry": "part", "kind": 5}\n'],
    "no zstd": [change(b"xxxx")],
    "no body": [change(b"")],
    "cut zstd": [change(packed(0, 0, 1, 1, tail=b"\x80" + b"\0" * 6)[:-4])],
    "no window": [change(Zstd().encode(b"abc"))],
    "negative": [change(packed(0, 0, -1, 5))],
    "outside": [change(packed(10**6, 0, 1, 1, tail=b"\x80" + b"\0" * 6))],
    "huge": [change(packed(0, 0, 10**9, 10**9))],
    "too few pixels": [change(packed(0, 0, 1, 1, tail=b"\x80" + b"\0" * 5))],
    "claims 2^60 bytes": [change(b"\x28\xb5\x2f\xfd\xc0\x00" + struct.pack("<Q", 2**60))],
}


@pytest.mark.parametrize("payloads", ODD.values(), ids=ODD)
def test_an_odd_entry_is_named_and_the_pixels_stay(tmp_path, payloads):
    with create(tmp_path / "s") as store:
        with Journal(store) as journal:
            for number in range(3):
                journal.edit(*stroke(number))
        before = state(store)
    file = tmp_path / "s" / "journal.bin"
    file.write_bytes(file.read_bytes() + b"".join(map(frame, payloads)))
    with AnnotationStore.open(tmp_path / "s") as store:
        with pytest.raises(UserError, match=r"journal\.bin: the entry at byte \d+ is damaged"):
            Journal(store)
        np.testing.assert_array_equal(state(store), before)


def test_an_old_edit_that_is_damaged_is_not_undone_by_half(tmp_path):
    with create(tmp_path / "s") as store, Journal(store) as journal:
        journal.edit(*stroke(0))
        good = journal._frames.append(change(b"xxxx"))
        journal._history.done[-1] = journal._history.done[-1].__class__("paint", (good,))
        before, end = state(store), journal._frames.end
        with pytest.raises(UserError, match="is damaged"):
            journal.undo()
        assert journal._frames.end == end and journal.undoable == ("paint",)
        np.testing.assert_array_equal(state(store), before)


def test_a_change_is_read_back_as_it_was():
    rng = np.random.default_rng(0)
    old = rng.integers(0, 5, (3, 40, 70), np.uint8)
    new = np.where(rng.random((40, 70)) < 0.3, 9, old).astype(np.uint8)
    made = Change.between(Window(5, 6, 40, 70), old, new)
    again = Change.from_bytes(made.to_bytes())
    assert again.window == made.window
    for name in ("mask", "before", "after"):
        np.testing.assert_array_equal(getattr(again, name), getattr(made, name))

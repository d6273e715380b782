"""What a killed process left beside a file is cleared; nothing of a living one is."""

import pytest

from napari_uhrnet.store.files.beside import written_beside


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_next_write_clears_what_a_killed_process_left(tmp_path):
    left = tmp_path / ".a.tif.0123abcd.part"
    left.mkdir()
    (left / "a.tif").write_bytes(b"half")
    (tmp_path / ".a.tif.0123abcd.part.lock").touch()
    (tmp_path / ".b.tif.0123abcd.part").mkdir()
    (tmp_path / ".a.tif.mine.part").mkdir()
    with written_beside(tmp_path / "a.tif") as part:
        part.write_bytes(b"whole")
    assert names(tmp_path) == [".a.tif.mine.part", ".b.tif.0123abcd.part", "a.tif"]


def test_what_is_being_written_stays(tmp_path):
    with written_beside(tmp_path / "a.tif") as first:
        first.write_bytes(b"first")
        with written_beside(tmp_path / "a.tif") as second:
            second.write_bytes(b"second")
        assert first.read_bytes() == b"first"
    assert names(tmp_path) == ["a.tif"]
    assert (tmp_path / "a.tif").read_bytes() == b"first"


def test_a_body_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), written_beside(tmp_path / "a.tif"):
        raise ZeroDivisionError
    assert names(tmp_path) == []

"""What needs an extra says which."""

import sys

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.extras import needs


def test_what_is_installed_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    needs("colorsys", "report", "drawing figures")
    assert "colorsys" in sys.modules


def test_what_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError) as raised:
        needs("matplotlib", "report", "drawing figures")
    assert str(raised.value) == (
        "drawing figures needs the extra report: pip install 'napari-uhrnet[report]'"
    )


def test_a_library_that_is_broken_is_not_taken_for_missing(monkeypatch, tmp_path):
    (tmp_path / "broken_library.py").write_text("raise ImportError('wrong version of something')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="wrong version"):
        needs("broken_library", "train", "training")

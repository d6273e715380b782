"""Triton is loaded with its own LLVM, and only then."""

import os
import sys

import pytest

from napari_uhrnet.session import libraries

pytestmark = pytest.mark.skipif(
    not hasattr(os, "RTLD_DEEPBIND"), reason="only glibc has RTLD_DEEPBIND"
)


@pytest.fixture
def imported(monkeypatch):
    """(name, whether its library would see its own symbols first) of each import."""
    seen = []

    def fake_import(name):
        seen.append((name, bool(sys.getdlopenflags() & os.RTLD_DEEPBIND)))

    monkeypatch.delitem(sys.modules, "triton", raising=False)
    monkeypatch.setattr(libraries, "find_spec", lambda name: object())
    monkeypatch.setattr(libraries, "import_module", fake_import)
    return seen


def test_its_own_symbols_come_first_and_only_its_own(imported):
    before = sys.getdlopenflags()
    libraries.load_triton_apart()
    assert imported == [("triton", True)]
    assert sys.getdlopenflags() == before


def test_a_broken_one_is_left_to_torch(monkeypatch, imported):
    def broken(name):
        raise ImportError(name)

    monkeypatch.setattr(libraries, "import_module", broken)
    before = sys.getdlopenflags()
    libraries.load_triton_apart()
    assert sys.getdlopenflags() == before


def test_nothing_is_done_where_it_is_not_or_is_already(monkeypatch, imported):
    monkeypatch.setitem(sys.modules, "triton", object())
    libraries.load_triton_apart()
    monkeypatch.delitem(sys.modules, "triton")
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    libraries.load_triton_apart()
    assert imported == []

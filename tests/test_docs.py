"""What the docs name is there: modules, files and pages."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import napari_uhrnet

ROOT = Path(napari_uhrnet.__file__).resolve().parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "recipes/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
pytestmark = pytest.mark.skipif(
    not (ROOT / "docs").is_dir(), reason="needs the repository, not an installed wheel"
)
TEMPLATES = {"models/tiny.py", "scene/readers/npy.py", "export/maps/npy.py"}
"""What the templates of CONTRIBUTING.md would be called: see test_templates."""
ROOMS = {path.name for path in (ROOT / "napari_uhrnet").iterdir() if path.is_dir()}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_paths_exist(page):
    found = re.findall(r"[\w./-]+/[\w-]+\.(?:py|toml|json|tif)\b", page.read_text())
    missing = [name for name in found if _is_ours(name) and not _exists(name)]
    assert missing == []


def _is_ours(name):
    top = name.removeprefix("napari_uhrnet/").split("/")[0]
    return top in ROOMS | {"src_resources", "benchmarks", "recipes", "examples", "tests", "kit"}


def _exists(name):
    """Paths may start at the root, in the package, or in the room that the page is about."""
    starts = (ROOT, ROOT / "napari_uhrnet", ROOT / "napari_uhrnet" / "widgets")
    is_template = name.removeprefix("napari_uhrnet/") in TEMPLATES
    return is_template or any((start / name).exists() for start in starts)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_modules_that_are_run_exist(page):
    names = re.findall(r"python -m ((?:napari_uhrnet|recipes)[\w.]*\w)", page.read_text())
    historic = {"napari_uhrnet.training.light"}  # what a card's command says
    missing = [name for name in names if name not in historic and not _has_module(name)]
    assert missing == []


def _has_module(name):
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_folders_in_the_map_of_the_code_exist():
    named = re.findall(r"`([a-z_]+)/`", (ROOT / "docs" / "architecture.md").read_text())
    below = {path.name for path in (ROOT / "napari_uhrnet").rglob("*") if path.is_dir()}
    top = {path.name for path in ROOT.iterdir() if path.is_dir()}
    assert set(named) - below - top == set()
    assert below >= ROOMS
    assert ROOMS - {"__pycache__"} <= set(named)

"""What is declared in setup.cfg is imported, and what is imported is declared."""

import ast
import configparser
import re
import sys
from pathlib import Path

import pytest

import napari_uhrnet

ROOT = Path(napari_uhrnet.__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(
    not (ROOT / "setup.cfg").exists(), reason="needs the repository, not an installed wheel"
)
OURS = {"napari_uhrnet", "benchmarks", "recipes", "tests", "macs"}
DISTRIBUTIONS = {
    "PIL": "pillow",
    "ome_zarr_models": "ome-zarr-models",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
}
"""Of modules whose distribution has another name."""
NOT_IMPORTED = {
    "imagecodecs": "tifffile decodes compressed files with it",
    "tensorboard": "torch.utils.tensorboard writes with it",
    "pycocotools": "tests that read COCO files ask pytest for it",
}
"""Declared, used through another library, and how."""
TOOLS = {"build", "import-linter", "mypy", "pytest-qt", "ruff"}
"""Of developers: run, not imported."""
EXTRAS = ("train", "report", "reproduce")


def _names(lines):
    """Names of the distributions of requirements, without versions and their own extras."""
    return {re.split(r"[\[<>=; ]", line, maxsplit=1)[0] for line in lines.split("\n") if line}


@pytest.fixture(scope="module")
def declared():
    """Distributions by extra; the base install is ""."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = {name: _names(lines) for name, lines in config["options.extras_require"].items()}
    return extras | {"": _names(config["options"]["install_requires"])}


def _imports(node, *, lazy=False):
    """(distribution, whether it is imported inside a function or for types alone) below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            modules = [alias.name for alias in child.names]
        else:
            modules = [child.module] if isinstance(child, ast.ImportFrom) else []
        for module in modules:
            name = module.split(".")[0]
            if name not in sys.stdlib_module_names | OURS:
                yield DISTRIBUTIONS.get(name, name), lazy
        function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _imports(child, lazy=lazy or function or _is_for_types(child))


def _is_for_types(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _imported(folder):
    """Distribution -> whether all its imports are lazy, of all modules of a folder."""
    found = {}
    for path in (ROOT / folder).rglob("*.py"):
        for name, lazy in _imports(ast.parse(path.read_text(encoding="utf-8"))):
            found[name] = lazy and found.get(name, True)
    return found


@pytest.fixture(scope="module")
def imported():
    return _imported("napari_uhrnet")


def test_imports_are_read():
    """At all places where they can stand."""
    code = """
import numpy.typing, os
from PIL import Image
from napari_uhrnet.errors import UserError
if TYPE_CHECKING:
    from torch import nn
def f():
    try:
        import skimage.draw as d
    except ImportError:
        pass
class C:
    import zarr
"""
    expected = [("numpy", False), ("pillow", False), ("torch", True), ("scikit-image", True)]
    assert list(_imports(ast.parse(code))) == [*expected, ("zarr", False)]


def test_what_is_imported_is_declared(declared, imported):
    known = declared[""].union(*(declared[extra] for extra in EXTRAS))
    assert imported.keys() - known == set()


def test_what_is_declared_is_imported(declared, imported):
    for extra in ("", *EXTRAS):
        assert declared[extra] - imported.keys() - NOT_IMPORTED.keys() == set(), extra or "base"
    assert NOT_IMPORTED.keys() & imported.keys() == set()


def test_what_an_extra_brings_is_imported_where_it_is_used_alone(declared, imported):
    """Then everything else works without it."""
    for extra in EXTRAS:
        assert declared[extra].isdisjoint(declared[""])
        assert [name for name in declared[extra] if not imported.get(name, True)] == [], extra


def test_developers_have_all_that_tests_import(declared):
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    dev = config["options.extras_require"]["dev"].split()
    assert f"napari-uhrnet[{','.join(EXTRAS)}]" in dev
    known = declared[""].union(declared["dev"], *(declared[extra] for extra in EXTRAS))
    used = {name for folder in ("tests", "benchmarks", "recipes") for name in _imported(folder)}
    assert used - known == set()
    assert declared["dev"] - TOOLS - NOT_IMPORTED.keys() - {"napari-uhrnet"} - used == set()

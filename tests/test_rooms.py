"""The order of the tree: rooms are small, imports go round in no circle, rooms show what is used.

A room is a folder of the package. Import directions are import-linter's (``make lint``).
"""

import ast
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import napari_uhrnet

PACKAGE = Path(napari_uhrnet.__file__).resolve().parent
MOST_MODULES = 16
FILES = sorted(PACKAGE.rglob("*.py"))
LAZY = {
    ("napari_uhrnet", f"napari_uhrnet.{name}")
    for name in ("engine.segment", "models.registry", "scene.open")
}
"""What ``napari_uhrnet/__init__.py`` imports only when it is asked for."""


def name_of(path):
    """The module in a file; a folder's for its ``__init__.py``."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def room_of(module):
    """The folder that a module lies in, a folder itself being in itself."""
    return module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]


@cache
def imports_of(module):
    """Modules of the package named in any import: at the top, in functions, for types."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are written out"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return {name for name in found if name in MODULES and (module, name) not in LAZY}


def test_no_room_holds_more_than_sixteen_modules():
    counts = defaultdict(int)
    for path in FILES:
        counts[path.parent.relative_to(PACKAGE.parent).as_posix()] += 1
    assert len(counts) > 40
    assert {room: n for room, n in counts.items() if n > MOST_MODULES} == {}


def test_imports_go_round_in_no_circle():
    """Also those within functions and for types: a circle makes two modules one."""
    graph = {module: imports_of(module) for module in MODULES}
    assert sum(map(len, graph.values())) > 500
    TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_the_first_file_of_a_room_names_the_modules_that_other_rooms_use():
    """As "`module`  what it is for" in its docstring."""
    used = defaultdict(set)
    for module in MODULES:
        for other in imports_of(module) - {room_of(module)}:
            if room_of(other) not in (room_of(module), other):
                used[room_of(other)].add(other.rpartition(".")[2])
    assert len(used) > 30
    missing = {}
    for room, names in sorted(used.items()):
        says = ast.get_docstring(ast.parse(MODULES[room].read_text(encoding="utf-8"))) or ""
        unnamed = sorted(name for name in names if f"`{name}`" not in says)
        if unnamed:
            missing[room] = unnamed
    assert missing == {}

"""All texts of a room stand in its words.py: its other modules show no text of their own."""

import ast
from pathlib import Path

import pytest

import napari_uhrnet.widgets

WIDGETS = Path(napari_uhrnet.widgets.__file__).parent
ROOMS = ("correct", "finetune", "labels", "queue")
SHOW = {
    "Panel", "QAction", "QCheckBox", "QLabel", "QPushButton", "addAction", "addItem", "addMenu",
    "add_row", "getColor", "getExistingDirectory", "getOpenFileName", "question",
    "setAccessibleName", "setPlaceholderText", "setSpecialValueText", "setText", "setToolTip",
}  # fmt: skip
"""What shows the text that it is called with."""


def texts(source: str) -> list[str]:
    """Texts with a letter that are handed to one of SHOW directly, not as an object's name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in SHOW:
            parts = [part for value in node.args for part in ast.walk(value)]
            written = [p.value for p in parts if isinstance(p, ast.Constant)]
            found += [t for t in written if isinstance(t, str) and any(c.isalpha() for c in t)]
    return found


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


@pytest.mark.parametrize("room", ROOMS)
def test_texts_of_a_room_stand_in_one_file(room):
    modules = sorted((WIDGETS / room).glob("*.py"))
    assert (WIDGETS / room / "words.py") in modules
    assert {m.name: texts(m.read_text()) for m in modules if texts(m.read_text())} == {}


def test_a_text_elsewhere_is_found():
    source = 'QLabel("Zoom in", objectName="zoom")\nbutton.setToolTip(f"Paint with {name}")'
    assert texts(source) == ["Zoom in", "Paint with "]

"""All texts of the window are in the `words.py` of their room, where wording is reviewed."""

import ast
from pathlib import Path

import pytest

WIDGETS = Path(__file__).parents[2] / "napari_uhrnet" / "widgets"
ROOMS = ("kit", "segment", "inspect", "compare", "correct", "labels", "queue", "finetune")
SHOWS = {
    "Panel", "QAction", "QCheckBox", "QGroupBox", "QLabel", "QPushButton", "QRadioButton",
    "QToolButton", "addAction", "addItem", "addItems", "addMenu", "add_row", "getColor",
    "getExistingDirectory", "getOpenFileName", "getSaveFileName", "question", "setAccessibleName",
    "setFormat", "setPlaceholderText", "setSpecialValueText", "setText", "setTitle", "setToolTip",
    "setWindowTitle",
}  # fmt: skip
"""Calls whose arguments are shown; a name for scripts and tests (`objectName`) is a keyword."""


def called(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def literals(node):
    """Texts with a letter in an argument, those of calls inside of it left out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if any(letter.isalpha() for letter in node.value):
            yield node.value
    elif not isinstance(node, ast.Call | ast.FormattedValue):
        for child in ast.iter_child_nodes(node):
            yield from literals(child)


def texts(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and called(node) in SHOWS:
            # Of an item only the text is shown, what follows is its key.
            shown = node.args[:1] if called(node) == "addItem" else node.args
            for argument in shown:
                yield from literals(argument)


@pytest.mark.parametrize("room", [*ROOMS, "."])
def test_no_text_is_written_in_the_call_that_shows_it(room):
    found = {
        f"{path.name}: {text}"
        for path in sorted((WIDGETS / room).glob("*.py"))
        for text in texts(path.read_text(encoding="utf-8"))
    }
    assert not found


def test_texts_are_found():
    source = 'a.setToolTip("Stop" if b else f"of {c}")\nQPushButton(words.GO, objectName="go")'
    assert list(texts(source)) == ["Stop", "of "]

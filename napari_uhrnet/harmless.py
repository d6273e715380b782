"""Text of strangers, made harmless where it is shown: on a terminal and in a spreadsheet."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMULA = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
"""What a cell begins with that a spreadsheet computes instead of showing it."""

# Control characters and what changes the direction of writing, lone surrogates, line ends.
_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    r"""The text with control characters written out, such as ``\x1b``; spaces stay.

    An escape sequence in the name of a class or file would else move the cursor, rename the window
    or colour what follows.
    """
    if text.isprintable():
        return text
    return "".join(_shown(c) for c in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _CATEGORIES:
        return character
    return character.encode("unicode_escape").decode()


def cell(value: Any) -> Any:
    """A cell of a CSV table: texts that a spreadsheet would compute get an apostrophe before.

    Numbers stay as they are, also those that are written as text, such as "-0.5".
    """
    if not isinstance(value, str) or not value.lstrip(" ").startswith(_FORMULA):
        return value
    return value if _is_number(value) else f"'{value}"


def row(values: Iterable[Any]) -> list[Any]:
    """The cells of a row."""
    return [cell(value) for value in values]


def _is_number(text: str) -> bool:
    """As Python writes them: without a plus sign, in ASCII."""
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and text.strip() == text and text[0] != "+"

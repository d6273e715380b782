"""Which images a checkpoint was trained on, so that scores on them can be marked.

An image is known by the name and the size of its file: copies of a data set are recognised
wherever they lie, and nothing has to be read.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DIGITS = 8
"""Hex digits of an image: the chance that any of ten thousand is taken for any of another ten
thousand is 2 %."""


def image_key(image: Path) -> str:
    """``DIGITS`` hex digits of an image file, or of a folder that is an image (by its name)."""
    size = 0 if image.is_dir() else image.stat().st_size
    return sha256(f"{image.name} {size}".encode()).hexdigest()[:DIGITS]


def joined(images: Iterable[Path], before: str = "") -> str:
    """Keys of images and those joined ``before``, each once, in order, as one line for a card."""
    return "".join(sorted({image_key(image) for image in images} | keys(before)))


def keys(line: str) -> frozenset[str]:
    """The keys in such a line."""
    return frozenset(line[k : k + DIGITS] for k in range(0, len(line), DIGITS))

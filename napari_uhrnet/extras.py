"""What the base install leaves out: libraries that an extra of ``setup.cfg`` brings."""

from __future__ import annotations

from importlib import import_module
from typing import Literal

from napari_uhrnet.errors import UserError

Extra = Literal["train", "report", "reproduce"]


def needs(module: str, extra: Extra, what: str) -> None:
    """Import ``module``, or raise UserError: ``what`` needs the extra, and how to install it.

    ``what`` begins the sentence and is singular, as in "drawing figures". Call it before work
    that would be lost without the library, and import from the library as usual afterwards.
    """
    try:
        import_module(module)
    except ModuleNotFoundError:  # another ImportError is a broken library, and surfaces
        raise UserError(
            f"{what} needs the extra {extra}: pip install 'napari-uhrnet[{extra}]'"
        ) from None

"""What the base install leaves out: libraries that an extra of ``setup.cfg`` brings."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal

from napari_uhrnet.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

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


def has(module: str, extra: Extra, what: str, note: Callable[[str], None]) -> bool:
    """Whether ``module`` is installed; if not, ``note`` is called with the sentence of `needs`.

    For what a long run leaves out rather than fails without.
    """
    try:
        needs(module, extra, what)
    except UserError as error:
        note(f"left out: {error}")
        return False
    return True

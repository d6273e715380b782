"""The one exception whose text is meant for the person at the screen."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_uhrnet.harmless import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

BAD_INPUT = 2


class UserError(Exception):
    """Bad input: one sentence on which file, what is wrong and what to do.

    The command line prints it on one line and leaves with exit code 2; the panel shows it in its
    message line. Everything else that is raised is a bug and surfaces as one.
    """


@contextmanager
def exit_on_bad_input() -> Iterator[None]:
    """Around the main function of modules that are run with ``python -m``: as the command does."""
    try:
        yield
    except UserError as error:
        print(printable(" ".join(str(error).split())), file=sys.stderr)
        sys.exit(BAD_INPUT)

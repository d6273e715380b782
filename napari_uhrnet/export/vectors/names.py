"""Names of files that pyogrio takes as they are."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_URLS = set("!;\t\r\n")


@contextmanager
def plain_name(path: Path) -> Iterator[Path]:
    """A file that may not be there yet, under a name that is no URL to pyogrio.

    pyogrio parses paths as URLs, in which "!" is in front of a member of an archive and ";" starts
    parameters: without this it would write another file.
    """
    whole = path.absolute()
    if not _OF_URLS & set(str(whole)):
        yield whole
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / f"polygons{path.suffix}"
        link.symlink_to(whole)
        yield link

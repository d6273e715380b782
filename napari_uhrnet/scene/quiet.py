"""Libraries that talk while they read: what matters to the user is said in a UserError."""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TALKERS = ("tifffile", "rasterio._env", "rasterio._err", "rasterio._io", "rasterio._base")


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings, and no log records of the readers from this thread, inside of the block."""
    thread = threading.get_ident()

    def of_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    loggers = [logging.getLogger(name) for name in _TALKERS]
    for logger in loggers:
        logger.addFilter(of_others)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(of_others)

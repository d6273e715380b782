"""Silences libraries that log while they read: what matters to the user becomes a UserError."""

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
def without_logs() -> Iterator[None]:
    """No log records of the readers from this thread inside of the block; safe in any thread."""
    thread = threading.get_ident()

    def of_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    loggers = [logging.getLogger(name) for name in _TALKERS]
    for logger in loggers:
        logger.addFilter(of_others)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(of_others)


@contextmanager
def quiet() -> Iterator[None]:
    """Neither logs nor warnings; for opening only, as warnings are switched for all threads."""
    with without_logs(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

"""Sentences about a run of fine-tuning, for its panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STOPPED = "Stopped. The run is saved and can be resumed."


def no_result(file: Path) -> str:
    """The process has ended well, but its result is not there."""
    return f"{file}: the result is missing: start again"


def no_message(code: int) -> str:
    """The process has failed without a message."""
    return f"The process ended with code {code} and without a message: resume to try again."

"""``log.csv`` and ``scores.csv``: a row a step, no step twice."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.store.files.disk import disk_errors, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COLUMNS = ("step", "loss", "fused", "global", "local", "distance")


class StepLog:
    """A table in a file with a row for each step.

    Rows after step ``first`` are of a run that was stopped after its last save: they are cut off,
    since these steps are done again.
    """

    def __init__(self, path: Path, first: int, columns: tuple[str, ...] = COLUMNS) -> None:
        self.path = path
        rows = read_log(path)
        self.columns = list(rows[0]) if rows else list(columns)
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns)
        writer.writeheader()
        writer.writerows(_texts(row) for row in rows if row["step"] <= first)
        with disk_errors(path.parent, "the run", "continue with --resume"):
            write_whole(path, text.getvalue().encode())

    def add(self, row: Mapping[str, float]) -> None:
        """Append a row; columns that it lacks stay empty."""
        with (
            disk_errors(self.path.parent, "the run", "continue with --resume"),
            self.path.open("a", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, self.columns, extrasaction="ignore")
            writer.writerow(_texts(row))


def read_log(path: Path) -> list[dict[str, float]]:
    """The whole rows of a table; what is empty is NaN. [] without a file.

    UserError for a file that is no table.
    """
    if not path.exists():
        return []
    text = path.read_bytes().decode(errors="replace")
    whole = text[: text.rfind("\n") + 1]  # the last line may have been written in part
    try:
        rows = list(map(_numbers, csv.DictReader(io.StringIO(whole, newline=""))))
    except csv.Error as error:
        raise UserError(f"{path}: is no table of a run ({error}): move it away") from None
    return [row for row in rows if math.isfinite(row.get("step", math.nan))]


def _texts(row: Mapping[str, float]) -> dict[str, str]:
    """As written: steps in full, gaps empty."""
    texts = {k: "" if math.isnan(v) else f"{v:.5g}" for k, v in row.items()}
    return texts | {"step": str(int(row["step"]))}


def _numbers(row: dict[str, str | None]) -> dict[str, float]:
    """{} for a row that is damaged."""
    if None in row.values() or None in row:
        return {}
    try:
        return {k: float(v) if v else float("nan") for k, v in row.items()}
    except ValueError:
        return {}

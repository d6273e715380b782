"""Train and score every row of the paper's tables, with several seeds, resumable at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.evaluation.reproduce.files import write_tables
from napari_uhrnet.evaluation.reproduce.one_run import Reporter, finish_run, is_finished, run_folder
from napari_uhrnet.evaluation.reproduce.rows import AVERAGE, Row, rows_of, scale_of
from napari_uhrnet.evaluation.reproduce.settings import find_data, keep_settings
from napari_uhrnet.evaluation.reproduce.tables import tables

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uhrnet.evaluation.reproduce.paper_tables import TableName
    from napari_uhrnet.evaluation.reproduce.rows import Scale
    from napari_uhrnet.evaluation.reproduce.settings import ReproduceSettings


def reproduce(
    settings: ReproduceSettings,
    out: Path,
    report: Reporter,
    *,
    table: TableName | None = None,
    seeds: int = 1,
    scale: Scale | None = None,
) -> bool:
    """Finish all runs that are left and write the tables after each of them.

    Parameters
    ----------
    settings
        Kept in the folder; a resumed reproduction must have the same.
    out
        Holds ``tables.md``, ``tables.json`` and RUN/seedK of every run, a run folder of the command
        ``train``. A finished run has ``last.safetensors`` and ``scores.json`` (not if it trains
        branches that other runs share), and is not run again. More seeds, and the other table, can
        be asked for later.
    table
        One of the tables; both by default.
    scale
        By default the one that the settings name.

    Returns
    -------
    Whether all runs are done; False if somebody stopped one.

    Raises
    ------
    UserError
        For data that cannot be used, or a folder that was started with other settings.
    """
    scale = scale or scale_of(settings.scale)
    data = find_data(settings, report.note)
    keep_settings(out, settings, data)
    rows = rows_of(scale, table)
    runs = [(seed, row) for seed in range(seeds) for row in distinct_runs(rows)]
    for number, (seed, row) in enumerate(runs, start=1):
        if is_finished(run_folder(out, row.run, seed), row):
            continue
        report.run(number, len(runs), f"{row.run}, seed {seed}")
        if not finish_run(out, row, seed, scale, settings, data, report):
            return False
        write_tables(out, tables(out, rows, seeds, scale, settings, data))
    write_tables(out, tables(out, rows, seeds, scale, settings, data))
    return True


def distinct_runs(rows: list[Row]) -> list[Row]:
    """One row for each run, after the run of its branches; those without training last."""
    found: dict[str, Row] = {}
    for row in rows:
        for run in (row.branches, row):
            if run is not None:
                found.setdefault(run.run, run)
    return sorted(found.values(), key=lambda row: row.run == AVERAGE)

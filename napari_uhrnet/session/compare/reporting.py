"""The report of two results of a scene, as a job for a runner."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.compare.sources import Compared, compare_job

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from napari_uhrnet.scene.base import Scene
    from napari_uhrnet.session.compare.sources import Wanted


@dataclass(frozen=True)
class Written:
    """What was compared, and the page with the report."""

    compared: Compared
    page: Path


def report_job(
    wanted: Wanted, scene: Scene, folder: Path, made_at: datetime
) -> Generator[float | Written, None, None]:
    """The share done after every block, and in the end the page in a new folder inside ``folder``.

    Closing it cancels, and then nothing is written. What is already in the folder stays.
    """
    from napari_uhrnet.evaluation.comparison.report import PAGE, check_report_folder, write_report

    new = new_folder(folder, scene.name)
    check_report_folder(new)
    for step in compare_job(wanted):
        if isinstance(step, Compared):
            write_report(new, step.comparison, step.regions, scene, made_at)
            yield Written(step, new / PAGE)
        else:
            yield step


def new_folder(folder: Path, scene_name: str) -> Path:
    """A folder that is not there yet, named after the scene."""
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder: make it or choose another")
    stem = re.sub(r"[^\w.-]+", "-", Path(scene_name).stem).strip("-.") or "scene"
    names = (f"{stem}-comparison{'' if n == 1 else f'-{n}'}" for n in count(1))
    return next(folder / name for name in names if not (folder / name).exists())

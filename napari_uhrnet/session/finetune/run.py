"""A run of fine-tuning in another process: start it, follow its folder, stop it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.finetune import words
from napari_uhrnet.store.files.disk import disk_errors
from napari_uhrnet.strict_json import read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Phase = Literal["idle", "running", "stopping", "stopped", "done", "failed"]

BUSY: frozenset[Phase] = frozenset({"running", "stopping"})
STATUS, RESULT, LOG, STOP, CONFIG = (
    "status.json",
    "finetune.json",
    "log.csv",
    "stop",
    "config.json",
)
"""Files of a run's folder, see `training.finetune.finetune`."""
MESSAGES = "messages.txt"
RUNS = "finetune"
"""Folder of a project that holds its runs."""
PREFIX = "napari-uhrnet: "
COMMAND = (sys.executable, "-m", "napari_uhrnet.cli.app", "finetune")


@dataclass(frozen=True)
class Request:
    """Settings of a run; None: the command's default."""

    model: str
    steps: int | None = None
    pixel_size_m: float | None = None
    heads_only: bool = False
    held_out: float | None = None
    rehearse: str | None = None
    device: str = "auto"

    def options(self) -> list[str]:
        """As words of the command line."""
        words = ["--model", self.model, "--device", self.device]
        for name, value in (
            ("--steps", self.steps),
            ("--pixel-size", self.pixel_size_m),
            ("--held-out", self.held_out),
            ("--rehearse", self.rehearse),
        ):
            if value is not None:
                words += [name, str(value)]
        return words + ["--heads-only"] * self.heads_only


@dataclass(frozen=True)
class FineTuneStatus:
    """How far the run in ``folder`` is.

    ``doing``: its phase, ``share``: how much of that is done; ``losses`` has a number for
    each step; ``result`` is what ``finetune.json`` holds once it is done; ``pixel_size_m`` is the
    scale that the network sees, once that is known.
    """

    phase: Phase = "idle"
    folder: Path | None = None
    doing: str = ""
    step: int = 0
    steps: int = 0
    share: float = 0.0
    seconds_left: float | None = None
    pixel_size_m: float | None = None
    message: str = ""
    losses: tuple[float, ...] = ()
    result: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def busy(self) -> bool:
        """Whether a process is running."""
        return self.phase in BUSY


class FineTuning:
    """The run that is followed; `poll` brings ``status`` up to date. One thread.

    Parameters
    ----------
    command
        Words before the project's folder; for tests.
    """

    changed = Signal(FineTuneStatus)

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self.status = FineTuneStatus()
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, project: Path, request: Request) -> None:
        """Begin a run in a new folder of the project. Raises UserError if it can't be made."""
        self._run(project, _new_folder(project), request.options())

    def resume(self, project: Path, folder: Path) -> None:
        """Resume a run that was stopped or interrupted."""
        self._run(project, folder, ["--resume"])

    def stop(self) -> None:
        """Ask the run to end after its present step; it can be resumed."""
        if self.status.busy and self.status.folder is not None:
            (self.status.folder / STOP).touch()
            self._set(phase="stopping")

    def close(self) -> None:
        """The window closes: ask the run to stop, without waiting for it."""
        self.stop()
        self._process = None

    def poll(self) -> None:
        """Read what the process has written, and whether it has ended."""
        process, folder = self._process, self.status.folder
        if process is None or folder is None:
            return
        code = process.poll()  # before the files are read, so that the last lines are seen
        self._read(folder)
        if code is None:
            return
        self._process = None
        if code == 0:
            self._done(folder)
        elif self.status.phase == "stopping" or self.status.doing == "stopped":
            self._set(phase="stopped", message=words.STOPPED)
        else:
            self._set(phase="failed", message=_last_message(folder, code))

    def _run(self, project: Path, folder: Path, options: list[str]) -> None:
        words = [*self._command, str(project), "--out", str(folder), *options]
        with (
            disk_errors(folder, "the run", "choose another place"),
            (folder / MESSAGES).open("wb") as messages,
        ):
            (folder / STATUS).unlink(missing_ok=True)
            (folder / STOP).unlink(missing_ok=True)
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=messages
            )
        self.status = FineTuneStatus(
            "running", folder, doing="starting", losses=self.status.losses * ("--resume" in options)
        )
        self.changed.emit(self.status)

    def _read(self, folder: Path) -> None:
        from napari_uhrnet.training.loop.log import read_log

        status = _json(folder / STATUS)
        if status is None:
            return
        message = str(status["message"]) if status["phase"] == "failed" else ""
        self._set(
            doing=str(status["phase"]),
            step=int(status["step"]),
            steps=int(status["steps"]),
            share=float(status["share"]),
            seconds_left=status["seconds_left"],
            pixel_size_m=status["pixel_size_m"],
            message=message,
            losses=tuple(row["loss"] for row in read_log(folder / LOG)),
        )

    def _done(self, folder: Path) -> None:
        result = _json(folder / RESULT)
        if result is None:
            self._set(phase="failed", message=words.no_result(folder / RESULT))
        else:
            self._set(phase="done", share=1.0, result=result, message="")

    def _set(self, **changes: Any) -> None:
        status = replace(self.status, **changes)
        if status != self.status:
            self.status = status
            self.changed.emit(status)


def unfinished(project: Path) -> Path | None:
    """The project's latest run if it was interrupted, else None."""
    runs = sorted(path.parent for path in (project / RUNS).glob(f"*/{CONFIG}"))
    return runs[-1] if runs and not (runs[-1] / RESULT).exists() else None


def _new_folder(project: Path, now: Callable[[], datetime] = datetime.now) -> Path:
    """``finetune/<date>-<time>``, with a number behind if there is one already."""
    name = now().strftime("%Y%m%d-%H%M%S")
    for k in range(100):
        folder = project / RUNS / (f"{name}-{k}" if k else name)
        with disk_errors(folder, "the run", "make room or check the rights"):
            folder.parent.mkdir(exist_ok=True)
            try:
                folder.mkdir()
            except FileExistsError:
                continue
        return folder
    raise UserError(f"{project / RUNS}: too many runs were started at once: try again")


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return read_object(path)
    except (FileNotFoundError, ValueError):
        return None


def _last_message(folder: Path, code: int) -> str:
    """The last message of the process, as a sentence."""
    lines = (folder / MESSAGES).read_text(encoding="utf-8", errors="replace").split("\n")
    written = [line.strip() for line in lines if line.strip()]
    if not written:
        return words.no_message(code)
    return written[-1].removeprefix(PREFIX)

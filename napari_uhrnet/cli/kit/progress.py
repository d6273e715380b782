"""One line on a terminal with the progress of a command; nothing without a terminal."""

from __future__ import annotations

from typing import Any, Self

from napari_uhrnet.harmless import printable


class ProgressLine:
    """A line on stderr, shown from the first update until the end of the ``with`` block."""

    def __init__(self, what: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._line = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[detail]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._what = what
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Take the line away, so that another one may be shown."""
        if self._task is not None:
            self._line.stop()

    def share(self, done: float) -> None:
        """The share that is done, 0..1."""
        self._show(done, 1.0, f"{done:.0%}")

    def patches(self, done: int, total: int, seconds_left: float | None) -> None:
        """Patches that are done, of how many, and how long the others will take."""
        left = "" if seconds_left is None else f", {_duration(seconds_left)} left"
        self._show(done, total, f"{done}/{total} patches{left}")

    def steps(
        self, done: int, total: int, loss: float, seconds: float, seconds_left: float | None
    ) -> None:
        """Training steps that are done, of how many; the seconds of one, and of the others."""
        left = "" if seconds_left is None else f", {_duration(seconds_left)} left"
        self._show(done, total, f"{done}/{total}, loss {loss:.3f}, {seconds:.2f} s a step{left}")

    def detailed(self, done: float, detail: str) -> None:
        """The share that is done, 0..1, with words of the caller's."""
        self._show(done, 1.0, detail)

    def note(self, message: str) -> None:
        """A remark on a line that stays; shown without a terminal, too."""
        text = printable(f"napari-uhrnet: {message}")
        self._line.console.print(text, markup=False, soft_wrap=True)

    def _show(self, done: float, total: float, detail: str) -> None:
        if self._line.disable:
            return
        if self._task is None:
            self._line.start()
            self._task = self._line.add_task(self._what, detail="")
        self._line.update(self._task, completed=done, total=max(total, 1e-9), detail=detail)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"

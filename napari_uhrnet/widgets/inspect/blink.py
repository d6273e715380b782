"""The key that shows the other one of two branches while it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.inspect.swipe import Swipe

BLINK = "B"


def blink(
    state: SessionState, pair: Callable[[], tuple[str, str]], swipe: Swipe | None = None
) -> Callable[[Any], Generator[None, None, None]]:
    """An action that shows the other one of two branches as long as its key is held.

    While a swipe is shown, its two sides change places instead.
    """

    def show_other(viewer: Any) -> Generator[None, None, None]:
        if swipe is not None and swipe.is_on:
            yield from swipe.blink()
            return
        before = state.branch
        a, b = pair()
        if not {a, b} <= set(state.branches):
            return
        other = a if before == b else b
        state.branch = other
        yield
        # Chosen meanwhile: that stays.
        if state.branch == other:
            state.branch = before

    return show_other

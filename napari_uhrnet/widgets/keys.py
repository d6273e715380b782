"""Keys of the viewer that belong to this program while its dock is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari.components import ViewerModel

    from napari_uhrnet.session.state import SessionState
    from napari_uhrnet.widgets.swipe import Swipe

BLINK = "B"


class Keys:
    """Bound keys, and what they did before."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._before: dict[str, Any] = {}

    def bind(self, key: str, action: Callable[[Any], Any]) -> None:
        """Let a key do something; a generator goes on when the key is released."""
        self._before[key] = self._viewer.bind_key(key, action, overwrite=True)

    def release(self) -> None:
        """Give all keys back."""
        for key, before in self._before.items():
            self._viewer.bind_key(key, before, overwrite=True)
        self._before.clear()


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

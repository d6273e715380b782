"""The networks that tools use, each loaded once."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakValueDictionary

if TYPE_CHECKING:
    from napari_uhrnet.models.registry import LoadedModel
    from napari_uhrnet.session.engine import Engine


class ModelPool:
    """Gives the same network to everybody who asks for it, on whatever thread.

    Networks only predict and are never changed, so threads can share them. Of every user the
    network asked for last is kept; one that nobody uses any more is let go. A checkpoint that was
    written anew is another network.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._used: WeakKeyDictionary[object, LoadedModel] = WeakKeyDictionary()
        self._known: WeakValueDictionary[tuple[str, str, str], LoadedModel] = WeakValueDictionary()

    def get(self, name: str, device: str, user: object = None) -> LoadedModel:
        """The network of a name or file on a device, kept for a user if one is named.

        Slow the first time. Raises UserError if there is none.
        """
        with self._lock:
            key = name, device, self._engine.read_card(name).sha256
            model = self._known.get(key)
            if model is None:
                if user is not None:
                    self._used.pop(user, None)  # two at once may be too much
                model = self._known[key] = self._engine.load_model(name, device)
            if user is not None:
                self._used[user] = model
            return model

"""A cache that forgets what was not used for longest when it holds too many bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Key = TypeVar("Key", bound="Hashable")
Value = TypeVar("Value")


class ByteLRU(Generic[Key, Value]):
    """Mapping with a limit in bytes; the newest entry is kept even if it alone exceeds it."""

    def __init__(self, limit_bytes: int, size_of: Callable[[Value], int]) -> None:
        self.limit_bytes = limit_bytes
        self.bytes = 0
        self._size_of = size_of
        self._items: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, which counts as used now, or None."""
        if key not in self._items:
            return None
        self._items.move_to_end(key)
        return self._items[key]

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, and forget the oldest ones as needed."""
        self.drop(key)
        self._items[key] = value
        self.bytes += self._size_of(value)
        while self.bytes > self.limit_bytes and len(self._items) > 1:
            self.drop(next(iter(self._items)))

    def drop(self, key: Key) -> None:
        """Forget a value, if it is there."""
        if key in self._items:
            self.bytes -= self._size_of(self._items.pop(key))

    def __contains__(self, key: Key) -> bool:
        return key in self._items

    def __len__(self) -> int:
        return len(self._items)

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()
        self.bytes = 0

"""The one way to read JSON that others may have written: cards, tables, projects, manifests, runs.

Refused are: files that are none, that are too large or not UTF-8, values nested too deeply, names
that come twice in one object, NaN and infinities, numbers that no computer counts with, and
characters that no file can hold. What remains are finite values of JSON; whether they make sense is
for the reader's own model to say.
"""

from __future__ import annotations

import json
import math
import re
import stat
from collections import Counter
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 40
_LARGEST = 2**63
_LONE = re.compile(r"\\u[dD][89a-fA-F]")


class BadJson(ValueError):
    """What is wrong with it, without the file's name."""


def read_json(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """The content of a JSON file.

    Raises
    ------
    BadJson
        It is no such file; a few words say why. The caller names the file.
    OSError
        It is not there or cannot be read.
    """
    # Opening a pipe would wait for ever, reading a device would not end.
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadJson("it is no file")
        with path.open("rb") as file:
            return parse_json(file.read(max_bytes + 1), max_bytes)
    except BadJson:
        raise
    except ValueError as error:  # a NUL in its name
        raise BadJson(str(error)) from None


def read_object(path: Path, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The same of a file that holds an object; `BadJson` if it holds something else."""
    return as_object(read_json(path, max_bytes))


def as_object(value: Any) -> dict[str, Any]:
    """The value, if it is an object; else `BadJson`."""
    if not isinstance(value, dict):
        raise BadJson(f"an object is expected, not {_kind(value)}")
    return value


def parse_json(data: bytes, max_bytes: int = MAX_BYTES) -> Any:
    """The value of JSON in UTF-8, with or without a byte order mark; else `BadJson`."""
    if len(data) > max_bytes:
        raise BadJson(f"it is larger than {max_bytes >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_not_finite,
            parse_float=_float,
            parse_int=_int,
        )
    except UnicodeDecodeError as error:
        raise BadJson(f"it is not UTF-8 text: byte {error.start}") from None
    except RecursionError:
        raise BadJson(_too_deep()) from None
    except json.JSONDecodeError as error:
        raise BadJson(f"it is not JSON: {error}") from None
    _check_depth(value)
    if _LONE.search(text):
        _check_characters(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise BadJson(f"{counts.most_common(1)[0][0][:60]!r} is in one object twice")
    return found


def _not_finite(text: str) -> NoReturn:
    raise BadJson(f"{text} is no number in JSON")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadJson(f"the number {text[:20]} is too large")
    return value


def _int(text: str) -> int:
    if len(text) > 20 or not -_LARGEST <= int(text) < _LARGEST:
        raise BadJson(f"the number {text[:20]} is too large")
    return int(text)


def _check_depth(value: Any) -> None:
    """Level by level, so that no nesting is too deep for the check itself."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [v for outer in level for v in _inside(outer) if isinstance(v, dict | list)]
        if not level:
            return
    raise BadJson(_too_deep())


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> str:
    return f"it is nested more than {MAX_DEPTH} deep"


def _check_characters(value: Any) -> None:
    """Half of a pair of surrogates can be written as an escape, but is no character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadJson("it holds half of a character (a lone surrogate)") from None


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number"}
    return names.get(type(value), "a number" if isinstance(value, float) else "null")

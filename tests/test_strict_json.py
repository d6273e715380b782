"""One reader for JSON that others may have written: what is no finite JSON is refused."""

import json
import os

import pytest

from napari_uhrnet.strict_json import MAX_DEPTH, BadJson, parse_json, read_json, read_object


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[NaN]", "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b"1e999", "too large"),
        (b"9" * 5000, "too large"),
        (b"[18446744073709551616]", "too large"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' is in one object twice"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 100_000, "deep"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deep"),
        (b'"\\ud800"', "surrogate"),
        (b'{"\\uDFFF": 1}', "surrogate"),
    ],
)
def test_what_is_no_finite_json_is_refused(text, words):
    with pytest.raises(BadJson, match=words):
        parse_json(text)


def test_what_is_valid_is_read_as_the_standard_reader_does(tmp_path):
    value = {"a": [1, -2.5, True, None, "\U0001f600 \u00e4"], "b": {}}
    file = tmp_path / "a.json"
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        file.write_text(text, encoding="utf-8")
        assert read_object(file) == value
        file.write_text(text, encoding="utf-8-sig")
        assert read_json(file) == value
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_json(deepest) == json.loads(deepest)


@pytest.mark.parametrize(("text", "what"), [("[1]", "a list"), ("3", "a number"), ("null", "null")])
def test_an_object_is_an_object(tmp_path, text, what):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadJson, match=f"not {what}"):
        read_object(tmp_path / "a.json")


def test_large_files_and_what_is_no_file_are_not_read(tmp_path):
    with pytest.raises(BadJson, match="larger than 1 MiB"):
        (tmp_path / "large.json").write_bytes(b" " * (2**20 + 1))
        read_json(tmp_path / "large.json", 2**20)
    with pytest.raises(BadJson, match="no file"):
        read_json(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(BadJson, match="no file"):
            read_json(tmp_path / "pipe")

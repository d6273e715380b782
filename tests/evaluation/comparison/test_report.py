"""The report: whole, self-contained, escaped, and never over something else."""

import csv
import json
import re
import sys
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

import numpy as np
import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.evaluation.comparison import report_page
from napari_uhrnet.evaluation.comparison.compare import compare, run_to_end
from napari_uhrnet.evaluation.comparison.report import check_report_folder, write_report
from napari_uhrnet.evaluation.comparison.report_numbers import grouped
from napari_uhrnet.evaluation.comparison.report_pictures import differing_uri
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.array import array_scene
from tests.engine.scenes import made_scene, picture
from tests.evaluation.labels import blobs, results

A, B, TRUTH = (blobs(90, 110, seed, 9) for seed in (0, 1, 2))
WHEN = datetime(2026, 1, 2, 3, 4)
VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Checks that every tag is closed; collects text, tags, ids and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.texts = [], [], [], []
        self.ids, self.labelled_by = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for key, value in attrs if key in ("src", "href", "srcset", "data")]
        self.ids += [value for key, value in attrs if key == "id"]
        self.labelled_by += [
            name for key, value in attrs if key == "aria-labelledby" for name in value.split()
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def written(folder, *, truth=True, pixel_size_m=1.5, **options):
    a, b, t = results(A, B, TRUTH)
    found, regions = run_to_end(
        compare(a, b, truth=t if truth else None, pixel_size_m=pixel_size_m, **options)
    )
    write_report(folder, found, regions, made_scene(90, 110), WHEN)
    return found, regions, (folder / "report.html").read_text(encoding="utf-8")


def test_page_is_whole_and_needs_nothing_else(tmp_path):
    found, regions, text = written(tmp_path / "out")
    seen = Page(text)
    assert seen.tags.count("img") == 4 + 1
    assert seen.tags.count("svg") == 1 + 3
    assert all(re.match("data:image/(png|jpeg);base64,", link) for link in seen.links)
    assert "http" not in text and "url(" not in text and "@import" not in text
    assert "script" not in seen.tags and "<ice>" not in text
    words = " ".join(seen.texts)
    for piece in (
        "water & <ice>",
        "made, 110 × 90 px (width × height), 165 m × 135 m",
        "2026-01-02 03:04",
        "1.5 m",
        f"{found.agreement:.1%}",
        f"{found.scores[1].miou:.3f}",
        f"{grouped(regions.total)} connected regions",
        grouped(regions.largest[0].size_px),
    ):
        assert piece in words


def test_page_without_truth_and_pixel_size(tmp_path):
    _, _, text = written(tmp_path / "out", truth=False, pixel_size_m=None)
    seen = Page(text)
    assert (seen.tags.count("img"), seen.tags.count("svg")) == (4, 1 + 1)
    assert "areas are given in pixels" in text and "Against the ground truth" not in text


def test_every_chart_has_a_title_and_a_description(tmp_path):
    seen = Page(written(tmp_path / "out")[2])
    assert len(seen.labelled_by) == 2 * seen.tags.count("svg") == 8
    assert sorted(seen.labelled_by) == sorted(seen.ids)


def test_names_are_text_and_never_markup_or_templates(tmp_path):
    names = ("<script>x</script>", "{{ 7*7 }}", '"><b>{% raw %}')
    colours = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    classes = [LabelClass(i, n, rgb) for i, n, rgb in zip((2, 3, 7), names, colours, strict=True)]
    a, b, truth = results(A, B, TRUTH, table=ClassTable("hostile", tuple(classes)))
    titles = ("<img src=x onerror=alert(1)>", "{{ found }}", "</title><script>")
    a, b, truth = (replace(r, title=t) for r, t in zip((a, b, truth), titles, strict=True))
    scene = array_scene([picture(90, 110, 0)], "</style><script>{{ 1 }}.tif", pixel_size_m=1.5)
    found, regions = run_to_end(compare(a, b, truth=truth))
    write_report(tmp_path / "out", found, regions, scene, WHEN)
    seen = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert not {"script", "b"} & set(seen.tags)
    assert seen.tags.count("img") == 4 + 1
    assert all(link.startswith("data:image/") for link in seen.links)
    words = " ".join(seen.texts)
    for text in (*names, *titles, scene.name):
        assert text in words
    # In the table of classes, of IoU, in each of four charts, and as the head of a column.
    assert all(words.count(name) >= 8 for name in names)


def test_units_suit_the_area(tmp_path):
    assert "km²" in written(tmp_path / "large", pixel_size_m=15.0)[2]
    assert "km²" not in written(tmp_path / "small", pixel_size_m=1.5)[2]


def test_numbers_in_json(tmp_path):
    found, _, _ = written(tmp_path / "out")
    data = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert set(data) == {"agreement", "confusion", "classes", "iou", "area", "a", "b"}
    assert data == found.to_dict()
    assert set(data["a"]) == {"miou", "accuracy", "iou"}
    assert list(data["iou"]) == list(data["area"]) == list(data["b"]["iou"]) == data["classes"]
    assert np.array(data["confusion"]).shape == (3, 3)
    written(tmp_path / "out", truth=False)
    data = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert set(data) == {"agreement", "confusion", "classes", "iou", "area"}


def test_tables(tmp_path):
    found, regions, _ = written(tmp_path / "out")

    def rows(name):
        with (tmp_path / "out" / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    classes = {row["class"]: row for row in rows("classes.csv")}
    assert list(classes) == found.names
    assert float(classes["wood"]["b_truth_iou"]) == found.scores[1].iou["wood"]
    assert float(classes["wood"]["a_m2"]) == found.areas["wood"].a_px * 2.25
    matrix = [[int(row[n]) for n in found.names] for row in rows("confusion.csv")]
    assert matrix == found.confusion.tolist()
    listed = rows("regions.csv")
    assert len(listed) == len(regions.largest)
    first, region = listed[0], regions.largest[0]
    names = found.classes.names
    assert (first["a"], first["b"]) == (names[region.a], names[region.b])
    box = Window(*(int(first[k]) for k in ("y", "x", "height", "width")))
    assert (box, int(first["size_px"])) == (region.window, region.size_px)


def test_a_report_replaces_a_report_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    written(out)
    written(out, truth=False)
    assert len(list(out.iterdir())) == 5
    (out / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="other files"):
        written(out)
    assert len(list(out.iterdir())) == 6
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "report.html").write_text("mine")
    for path, words in (
        (mine, "other files"),
        (mine / "report.html", "is a file"),
        (tmp_path / "no" / "out", "no folder"),
    ):
        with pytest.raises(UserError, match=words):
            check_report_folder(path)


def test_a_failure_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_uhrnet.evaluation.comparison.report._regions", fail)
    with pytest.raises(UserError, match="disk is full"):
        written(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_single_differing_pixel_leaves_a_trace():
    differing = np.array([[0.0, 1e-2, np.nan]])
    assert len({differing_uri(differing[:, [k]]) for k in range(3)}) == 3


def test_a_report_needs_no_extra(tmp_path, monkeypatch):
    loaded = [name for name in sys.modules if name.startswith("matplotlib.")]
    for name in ("matplotlib", *loaded):
        monkeypatch.setitem(sys.modules, name, None)
    assert "<svg" in written(tmp_path / "out")[2]


def test_only_so_many_regions_are_on_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(report_page, "LISTED_REGIONS", 3)
    _, regions, text = written(tmp_path / "out")
    assert len(regions.largest) > 3
    assert "the largest 3 are listed here" in " ".join(text.split())

"""The compare panel: where, with what, and the report; a viewer without a window."""

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Layer
from PIL import Image
from qtpy.QtCore import QSettings, QUrl
from qtpy.QtWidgets import QFileDialog

from napari_uhrnet.geometry.classes import NOTHING
from napari_uhrnet.geometry.polygon import Polygon
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.session.runner import SyncRunner
from napari_uhrnet.widgets.compare.words import AREA_LAYER, CHOOSE_FILE, CORRECTIONS, NO_POLYGON
from napari_uhrnet.widgets.main import UHRNetWidget
from napari_uhrnet.widgets.reader import read
from napari_uhrnet.widgets.words import COMPARE
from tests.widgets.inspect.test_inspect_random import Docks
from tests.widgets.painted_engine import CLASSES, PaintedEngine, class_at

SHAPE = (512, 640)
TRIANGLE = np.array([(-20.5, 100.2), (400.7, 630.1), (500.3, 30.4)])
SQUARE = np.array([(10, 10), (10, 40), (40, 40), (40, 10)])
FUSED = np.array([[class_at((y // 128, x // 128)) for x in range(640)] for y in range(512)])


@pytest.fixture
def truth():
    """(512, 640) uint8 class ids in cells of 8 px; some are nothing."""
    rng = np.random.default_rng(5)
    cells = rng.choice([1, 2, 3, 4, 5, 6, NOTHING], (64, 80)).astype(np.uint8)
    return cells.repeat(8, 0).repeat(8, 1)


@pytest.fixture
def runners():
    return []


@pytest.fixture
def viewer(qtbot):
    viewer = ViewerModel()
    docks = Docks()
    qtbot.addWidget(docks.home)
    # napari's model is strict about its attributes.
    object.__setattr__(viewer, "window", docks)
    return viewer


@pytest.fixture
def dock(viewer, runners, picture, truth, tmp_path, qtbot):
    """Segmented, with a truth beside."""
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("model", "painted")

    def runner():
        runners.append(SyncRunner())
        return runners[-1]

    viewer.add_image(picture, name="noise", scale=(0.5, 0.5), translate=(7, -3))
    dock = UHRNetWidget(viewer, settings=settings, engine=PaintedEngine(tmp_path), runner=runner)
    qtbot.addWidget(dock)
    viewer.add_labels(truth, name="truth")
    dock.state.region = "scene"
    dock.parts.controller.segment()
    yield dock
    dock.shut_down()


@pytest.fixture
def panel(dock):
    panel = dock.tools.open_compare()
    panel.a.setCurrentText("Fused")
    panel.b.setCurrentText("truth")
    return panel


def draw(viewer, panel, *polygons):
    panel.area.choose("polygon")
    panel.area.draw.click()
    layer = viewer.layers[AREA_LAYER]
    for polygon in polygons:
        layer.add_polygons(polygon)
    return layer


def assert_found(dock, inside, a, b):
    """Exactly the numbers of the masked whole arrays."""
    found = dock.parts.comparer.compared.comparison
    both = inside & (a != NOTHING) & (b != NOTHING)
    ids = CLASSES.ids
    expected = np.array([[(both & (a == i) & (b == j)).sum() for j in ids] for i in ids])
    np.testing.assert_array_equal(found.confusion, expected)
    assert found.agreement == (a == b)[both].mean()
    for entry in CLASSES.classes:
        x, y = both & (a == entry.id), both & (b == entry.id)
        assert found.iou[entry.name] == pytest.approx((x & y).sum() / max((x | y).sum(), 1))
        area = found.areas[entry.name]
        assert (area.a_px, area.b_px) == tuple(((v == entry.id) & inside).sum() for v in (a, b))


def inside(polygon=TRIANGLE):
    return Polygon(polygon).inside(Window.of_shape(SHAPE))


class TestPolygon:
    def test_numbers_and_highlighted_pixels_are_those_inside_it(self, dock, viewer, panel, truth):
        layer = draw(viewer, panel, TRIANGLE)
        assert (viewer.layers.selection.active, layer.mode) == (layer, "add_polygon")
        np.testing.assert_allclose(layer.data_to_world((4, 6)), (9, 0))
        panel.compare.click()
        assert layer.mode == "pan_zoom"
        assert_found(dock, inside(), FUSED, truth)
        dock.state.view = Window.of_shape(SHAPE)
        pair = (3, 2)
        panel.findings.matrix.cell_clicked.emit(2, 1)
        highlighted = dock.parts.overlay.further.layer("highlighted")
        place = dock.parts.comparer.compared.comparison.area.window
        expected = inside() & (pair[0] == FUSED) & (truth == pair[1])
        np.testing.assert_array_equal(highlighted.data, expected[place.slices])

    def test_the_selected_one_counts_else_the_last(self, dock, viewer, panel, truth):
        layer = draw(viewer, panel, TRIANGLE, SQUARE)
        layer.selected_data = set()
        panel.compare.click()
        assert_found(dock, inside(SQUARE), FUSED, truth)
        layer.selected_data = {0}
        panel.compare.click()
        assert_found(dock, inside(), FUSED, truth)

    def test_without_one_there_is_a_sentence(self, dock, viewer, panel):
        panel.area.choose("polygon")
        panel.compare.click()
        assert panel.message.text() == NO_POLYGON
        viewer.layers.remove(draw(viewer, panel, TRIANGLE))
        panel.compare.click()
        assert panel.message.text() == NO_POLYGON
        assert dock.parts.comparer.compared is None

    def test_one_outside_of_the_scene_is_a_sentence(self, dock, viewer, panel):
        draw(viewer, panel, SQUARE + 1000)
        panel.compare.click()
        assert "no pixel of the scene" in panel.message.text()

    def test_it_goes_with_the_panel_and_with_the_scene(self, dock, viewer, panel, picture):
        draw(viewer, panel, TRIANGLE)
        dock.docks.close()
        assert AREA_LAYER not in viewer.layers
        panel = dock.tools.open_compare()
        draw(viewer, panel, TRIANGLE)
        panel.area.choose("scene")
        panel.compare.click()
        viewer.add_image(picture[:200], name="other")
        dock.scene_panel.layers.setCurrentIndex(1)
        assert AREA_LAYER not in viewer.layers
        assert dock.parts.comparer.compared is None
        assert panel.findings.isHidden()

    def test_the_button_is_there_when_a_polygon_is_chosen(self, dock, panel):
        shown = {}
        for key in ("visible", "polygon", "scene"):
            panel.area.choose(key)
            shown[key] = not panel.area.draw.isHidden()
        assert shown == {"visible": False, "polygon": True, "scene": False}


class TestMaskFile:
    def choose(self, panel, monkeypatch, path):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
        panel.area.choose("scene")
        panel.b.setCurrentText(CHOOSE_FILE)
        panel.b.activated.emit(panel.b.currentIndex())
        panel.compare.click()

    def test_a_mask_of_the_scene(self, dock, panel, truth, tmp_path, monkeypatch):
        tifffile.imwrite(tmp_path / "mask.tif", truth)
        self.choose(panel, monkeypatch, tmp_path / "mask.tif")
        assert panel.b.currentText() == "mask.tif"
        assert_found(dock, np.ones(SHAPE, bool), FUSED, truth)

    def test_masks_of_one_name_in_two_folders(self, dock, panel, truth, tmp_path, monkeypatch):
        paths = [tmp_path / folder / "mask.tif" for folder in "ab"]
        for path, labels in zip(paths, (truth, FUSED.astype(np.uint8)), strict=True):
            path.parent.mkdir()
            tifffile.imwrite(path, labels)
            self.choose(panel, monkeypatch, path)
            assert_found(dock, np.ones(SHAPE, bool), FUSED, labels)
        titles = [panel.b.itemText(k) for k in range(panel.b.count())]
        assert [t for t in titles if t.endswith("mask.tif")] == ["mask.tif", str(paths[1])]

    def test_a_mask_of_another_size(self, dock, panel, truth, tmp_path, monkeypatch):
        Image.fromarray(truth[:, :600]).save(tmp_path / "small.png")
        self.choose(panel, monkeypatch, tmp_path / "small.png")
        assert panel.message.text() == (
            "small.png: is 600 x 512 px and Fused is 640 x 512: "
            "only labels that lie on each other are compared"
        )
        assert panel.compare.isEnabled()

    @pytest.mark.parametrize("content", [b"no picture at all", b"", b"\x89PNG\r\n\x1a\n broken"])
    def test_no_picture(self, dock, panel, content, tmp_path, monkeypatch):
        path = tmp_path / "notes.png"
        path.write_bytes(content)
        self.choose(panel, monkeypatch, path)
        assert str(path) in panel.message.text()
        assert "Error" not in panel.message.text()
        assert dock.parts.comparer.compared is None
        # Another choice is as good as ever.
        panel.b.setCurrentText("truth")
        panel.compare.click()
        assert panel.message.text() == ""
        assert dock.parts.comparer.compared is not None

    def test_a_file_that_is_gone(self, dock, panel, tmp_path, monkeypatch):
        self.choose(panel, monkeypatch, tmp_path / "gone.tif")
        assert panel.message.text() == f"{tmp_path / 'gone.tif'}: there is no such file."

    def test_a_damaged_class_table_beside_it(self, dock, panel, truth, tmp_path, monkeypatch):
        tifffile.imwrite(tmp_path / "mask.tif", truth)
        (tmp_path / "classes.json").write_text("{", encoding="utf-8")
        self.choose(panel, monkeypatch, tmp_path / "mask.tif")
        assert "classes.json: cannot be read as a class table" in panel.message.text()

    def test_no_file_chosen_keeps_what_was(self, dock, panel, monkeypatch):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
        panel.b.setCurrentText(CHOOSE_FILE)
        panel.b.activated.emit(panel.b.currentIndex())
        assert panel.b.currentText() not in ("", CHOOSE_FILE)


class TestReport:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        folder = tmp_path / "reports & <more>"
        folder.mkdir()
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
        return folder

    def test_of_the_polygon(self, dock, viewer, panel, truth, folder):
        draw(viewer, panel, TRIANGLE)
        panel.report.click()
        page = folder / "noise-comparison" / "report.html"
        text = page.read_text(encoding="utf-8")
        assert "in a polygon of 3 vertices" in text
        assert "http" not in text
        assert_found(dock, inside(), FUSED, truth)
        assert not panel.page.isHidden()
        assert page == dock.parts.comparer.status.page
        assert QUrl.fromLocalFile(str(page)).toString().replace("&", "&amp;") in panel.page.text()
        assert "noise-comparison/report.html" in panel.page.text()
        panel.compare.click()
        assert panel.page.isHidden()

    def test_cancelled(self, dock, panel, runners, folder, monkeypatch):
        runner = SyncRunner(stepwise=True)
        dock.parts.comparer._job._runner = runner
        panel.report.click()
        assert panel.cancel.isEnabled()
        assert not panel.report.isEnabled()
        runner.step()
        panel.cancel.click()
        runner.drain()
        assert panel.message.text() == "Stopped."
        assert list(folder.iterdir()) == []
        assert panel.report.isEnabled()

    def test_no_folder_chosen(self, dock, panel, monkeypatch):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
        panel.report.click()
        assert dock.parts.comparer.compared is None
        assert panel.message.text() == ""

    def test_a_folder_that_cannot_be_written(self, dock, panel, folder):
        folder.rmdir()
        panel.report.click()
        assert "there is no such folder" in panel.message.text()


def test_corrections_can_be_compared_while_they_are_open(dock, viewer, picture, tmp_path):
    tifffile.imwrite(tmp_path / "town.tif", picture, photometric="rgb")
    viewer.layers.clear()
    for data in read(str(tmp_path / "town.tif")):
        viewer.add_layer(Layer.create(*data))
    dock.parts.controller.segment()
    panel = dock.tools.open_compare()

    def titles():
        return [panel.b.itemText(k) for k in range(panel.b.count())]

    assert CORRECTIONS not in titles()
    assert dock.parts.correcting.start(), dock.parts.correcting.state.message
    dock.parts.correcting.scene.mark_reviewed(Polygon(SQUARE))
    panel.a.setCurrentText("Global branch")
    panel.b.setCurrentText(CORRECTIONS)
    panel.area.choose("scene")
    panel.compare.click()
    corrected = np.where(inside(SQUARE), FUSED, NOTHING)
    assert_found(dock, np.ones(SHAPE, bool), FUSED, corrected)
    dock.parts.correcting.stop()
    assert CORRECTIONS not in titles()


def test_a_layer_named_like_a_branch_hides_nothing(dock, viewer, truth):
    viewer.add_labels(truth, name="Fused")
    panel = dock.tools.open_compare()
    titles = [panel.a.itemText(k) for k in range(panel.a.count())]
    assert titles.count("Fused") == 1
    assert "Fused (layer)" in titles
    panel.a.setCurrentText("Fused")
    panel.b.setCurrentText("Fused (layer)")
    panel.area.choose("scene")
    panel.compare.click()
    assert_found(dock, np.ones(SHAPE, bool), FUSED, truth)


class TestSwipe:
    @pytest.fixture
    def swiping(self, dock, panel):
        panel.area.choose("scene")
        panel.swipe.click()
        return panel

    def shown(self, dock):
        return np.asarray(dock.parts.overlay.further.layer("swipe").data[0])

    def sides(self, dock, left, right):
        """Left and right of the line, without it."""
        column = dock.parts.swipe._curtain.column_px
        seen = self.shown(dock)
        np.testing.assert_array_equal(seen[:, : column - 1], left[:, : column - 1])
        np.testing.assert_array_equal(seen[:, column + 1 :], right[:, column + 1 :])

    def test_any_two_left_and_right_of_the_line(self, dock, viewer, swiping, truth):
        assert swiping.swipe.isChecked()
        self.sides(dock, FUSED, truth)
        layer = dock.parts.overlay.further.layer("swipe")
        assert viewer.layers[-1] is layer
        np.testing.assert_allclose(layer.data_to_world((4, 6)), (9, 0))
        assert not viewer.layers["truth"].visible
        assert not dock.parts.overlay.labels.visible
        swiping.swipe.click()
        assert not swiping.swipe.isChecked()
        assert viewer.layers["truth"].visible
        assert dock.parts.overlay.labels.visible
        assert "swipe" not in dock.parts.overlay.further

    def test_in_a_polygon_it_lies_where_the_polygon_is(self, dock, viewer, panel, truth):
        draw(viewer, panel, SQUARE)
        panel.swipe.click()
        layer = dock.parts.overlay.further.layer("swipe")
        np.testing.assert_allclose(layer.data_to_world((0, 0)), (12, 2))
        place = Polygon(SQUARE).window
        a, b = (np.where(inside(SQUARE), labels, NOTHING) for labels in (FUSED, truth))
        self.sides(dock, a[place.slices], b[place.slices])

    def test_a_held_key_swaps_the_sides(self, dock, viewer, swiping, truth):
        held = viewer.keymap[next(k for k in viewer.keymap if str(k) == "B")](viewer)
        next(held)
        self.sides(dock, truth, FUSED)
        assert next(held, "over") == "over"
        self.sides(dock, FUSED, truth)

    def test_it_fills_in_while_the_scene_is_being_segmented(self, dock, viewer, swiping, truth):
        (tool, _) = dock.docks._open[COMPARE.dock]
        layer, status = dock.parts.overlay.further.layer("swipe"), dock.parts.comparer.status
        viewer.layers["truth"].data[:200] = 3
        tool._follow.stop()
        dock.parts.overlay.refresh()
        assert tool._follow.isActive()
        tool._follow.timeout.emit()
        newer = truth.copy()
        newer[:200] = 3
        self.sides(dock, FUSED, newer)
        # The same layer, and nothing is said of it.
        assert dock.parts.overlay.further.layer("swipe") is layer
        assert dock.parts.comparer.status is status
        swiping.swipe.click()
        dock.parts.overlay.refresh()
        tool._follow.timeout.emit()
        assert not dock.parts.swipe.is_on

    def test_released_after_the_swipe_has_gone(self, dock, viewer, swiping):
        held = viewer.keymap[next(k for k in viewer.keymap if str(k) == "B")](viewer)
        next(held)
        viewer.layers.remove(dock.parts.overlay.further.layer("swipe"))
        assert next(held, "over") == "over"
        assert not swiping.swipe.isChecked()

    def test_side_by_side_and_swipe_of_branches_take_its_place(self, dock, swiping):
        inspect = dock.inspect_panel
        inspect.side.click()
        assert (dock.parts.swipe.is_on, dock.parts.side_by_side.is_on) == (False, True)
        assert not swiping.swipe.isChecked()
        swiping.swipe.click()
        assert (dock.parts.swipe.is_on, dock.parts.side_by_side.is_on) == (True, False)
        dock.parts.swipe.enter("fused", "global")
        assert not swiping.swipe.isChecked()
        dock.docks.close()
        assert dock.parts.swipe.is_on

    def test_it_goes_with_the_panel(self, dock, viewer, swiping):
        dock.docks.close()
        assert not dock.parts.swipe.is_on
        assert viewer.layers["truth"].visible

    def test_what_cannot_be_read_is_a_sentence(self, dock, panel, tmp_path):
        panel.add_file(panel.b, str(tmp_path / "gone.tif"))
        panel.swipe.click()
        assert "there is no such file" in panel.message.text()
        assert not panel.swipe.isChecked()
        assert not dock.parts.swipe.is_on

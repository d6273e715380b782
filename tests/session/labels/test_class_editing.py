"""Classes edited in a project and in its corrections."""

import numpy as np
import pytest
from PIL import Image

from napari_uhrnet.datasets.class_tables import find_class_table
from napari_uhrnet.errors import UserError
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.mapping import ClassMapping
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.session.labels.class_editing import Draft, apply_draft, draft_of
from napari_uhrnet.session.project.project import Project
from napari_uhrnet.store.annotations.annotation import AnnotationStore
from napari_uhrnet.store.journal import reclassing
from napari_uhrnet.store.journal.journal import Journal
from tests.export.made import TABLE, made_ids

SHAPE = (600, 700)
WHOLE = Window(0, 0, *SHAPE)
IDS = made_ids(*SHAPE, ids=(1, 2, 4), cell_px=40)
MERGED = np.where(IDS == 2, 4, IDS)
DRAFT = Draft(TABLE, {1: 10, 2: 20})


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two scenes; both have all their labels from one edit, the first is reviewed."""
    monkeypatch.setenv("NAPARI_UHRNET_CACHE", str(tmp_path / "cache"))
    project = Project.create(tmp_path / "project", TABLE)
    for k, name in enumerate(("a.png", "b.png")):
        Image.fromarray(np.full((*SHAPE, 3), 50 * k, np.uint8)).save(tmp_path / name)
        with open_scene(tmp_path / name) as scene:
            entry = project.add_scene(scene)
        with project.annotations(entry) as store, Journal(store) as journal:
            journal.edit(WHOLE, IDS)
            if k == 0:
                journal.mark_reviewed(WHOLE, IDS, "print")
    return project


def labels_of(project):
    found = []
    for entry in Project.open(project.folder).scenes:
        with project.annotations(entry) as store:
            found.append((store.read(WHOLE), store.reviewed(WHOLE), store.classes, store.counts()))
    return found


def test_a_merge_rewrites_all_scenes_and_counts_agree(project):
    before = draft_of(project)
    assert before.used_px == {i: 2 * int((i == IDS).sum()) for i in (1, 2, 4)}
    draft = before.merge(2, 4)
    assert draft.used_px == {1: before.used_px[1], 4: before.used_px[2] + before.used_px[4]}
    assert draft.loses_undo(project.classes)
    apply_draft(project, draft)
    for k, (labels, reviewed, classes, counts) in enumerate(labels_of(project)):
        np.testing.assert_array_equal(labels, MERGED)
        assert reviewed.all() == (k == 0)
        assert classes == project.classes and classes.names == {
            0: "unknown",
            1: "urban",
            4: "water",
        }
        assert counts.labelled_px == {i: int((i == MERGED).sum()) for i in (1, 4)}
    assert draft_of(project).used_px == draft.used_px
    # A network that knows forest paints water from now on.
    assert ClassMapping(TABLE, project.classes).lut[2] == 4
    with project.annotations(project.scenes[0]) as store, Journal(store) as journal:
        assert journal.undoable == () and journal.redoable == ()


@pytest.mark.parametrize("call", ["write_state", "set_classes", "forget", "save"])
def test_after_a_crash_anywhere_all_agree_when_opened_again(project, monkeypatch, call):
    class Crash(BaseException):
        """Nothing catches it."""

    owner = {"forget": Journal, "save": Project}.get(call, AnnotationStore)
    real, left = getattr(owner, call), {"save": 0, "write_state": 1}.get(call, 1)

    def dying(*args, **kwargs):
        nonlocal left
        if left == 0:
            raise Crash
        left -= 1
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, call, dying)
    with pytest.raises(Crash):
        apply_draft(project, draft_of(project).merge(2, 4))
    monkeypatch.setattr(owner, call, real)
    again = Project.open(project.folder)
    expected = IDS if call == "save" else MERGED
    for labels, _, classes, _ in labels_of(again):
        np.testing.assert_array_equal(labels, expected)
        assert classes == again.classes
    assert (2 in again.classes.names) == (call == "save")


def test_renamed_and_recoloured_classes_keep_ids_and_undo(project, monkeypatch):
    monkeypatch.setattr(reclassing, "_rewrite", None)
    draft = draft_of(project).rename(2, "wood").recolour(4, (9, 9, 9)).add("snow", (1, 2, 3))
    assert not draft.loses_undo(project.classes)
    apply_draft(project, draft)
    again = Project.open(project.folder)
    assert again.classes.names == TABLE.names | {2: "wood", 5: "snow"}
    assert again.classes.palette[4].tolist() == [9, 9, 9]
    assert ClassMapping(TABLE, again.classes).unmatched == ()
    with again.annotations(again.scenes[1]) as store, Journal(store) as journal:
        assert store.classes == again.classes
        journal.undo()
        assert (store.read(WHOLE) == 255).all()


def test_ids_of_the_past_are_not_given_again(project):
    apply_draft(project, draft_of(project).merge(4, 1))
    again = Project.open(project.folder)
    assert again.retired == {4}
    assert draft_of(again).add("sea", (0, 0, 9)).table.names[5] == "sea"
    full = Draft(TABLE, {}, frozenset(range(5, 255)))
    assert 3 in full.add("x", (0, 0, 0)).table.names
    with pytest.raises(UserError, match="at most 255"):
        full.add("x", (0, 0, 0)).add("y", (0, 0, 0))


def test_only_unused_classes_are_removed():
    assert 4 not in DRAFT.remove(4).table.names
    with pytest.raises(UserError, match="20 pixels are corrected to this class: merge"):
        DRAFT.remove(2)
    with pytest.raises(UserError, match="another class"):
        DRAFT.merge(2, 2)
    one = Draft(ClassTable("one", (LabelClass(0, "a", (0, 0, 0)),)), {})
    with pytest.raises(UserError, match="one class at least"):
        one.remove(0)
    with pytest.raises(UserError, match="share a name"):
        DRAFT.rename(2, "water")
    with pytest.raises(UserError, match="needs a name"):
        DRAFT.rename(2, "  ")


def test_names_by_which_others_have_a_class():
    draft = DRAFT.rename(2, "wood").rename(2, "trees").set_other_names(4, " sea, lake,, sea")
    aliases = {c.id: c.aliases for c in draft.table.classes}
    assert aliases == {0: (), 1: (), 2: ("forest", "wood"), 4: ("sea", "lake")}
    assert draft.rename(2, "wood").table.classes[2].aliases == ("forest", "trees")


def test_another_table_keeps_the_ids_of_known_names_and_what_is_used():
    loveda = find_class_table("loveda")
    draft = DRAFT.load(loveda)
    names = {name: i for i, name in draft.table.names.items()}
    assert set(loveda.names.values()) <= set(names)
    assert (names["forest"], names["water"], names["urban"]) == (2, 4, 1)
    assert "unknown" not in names
    assert all(i > 4 for name, i in names.items() if name not in ("forest", "water", "urban"))
    colours = {c.name: c.rgb for c in loveda.classes}
    assert all(c.rgb == colours[c.name] for c in draft.table.classes if c.name in colours)
    assert Draft(TABLE, {}).load(loveda).table == loveda


def test_a_scene_that_another_program_corrects_stops_all_before_it_begins(project):
    draft = draft_of(project).merge(2, 4)
    with AnnotationStore.open(project.folder / "annotations" / project.scenes[1].fingerprint) as s:
        s.claim()
        with pytest.raises(UserError, match="another program is correcting"):
            apply_draft(project, draft)
    assert Project.open(project.folder).classes == TABLE
    np.testing.assert_array_equal(labels_of(project)[0][0], IDS)

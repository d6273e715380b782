"""The templates of CONTRIBUTING.md, copied out and used as their text says."""

import re
from pathlib import Path

import numpy as np
import pytest

import napari_uhrnet
from napari_uhrnet.engine.segment import segment
from napari_uhrnet.errors import UserError
from napari_uhrnet.export import export
from napari_uhrnet.export.read_back import import_labels
from napari_uhrnet.geometry.classes import NOTHING, ClassTable
from napari_uhrnet.geometry.window import Window
from napari_uhrnet.models import build, registry
from napari_uhrnet.models.base.checkpoint import Card
from napari_uhrnet.resources import resource_path
from napari_uhrnet.scene import open as opening
from napari_uhrnet.scene.array import array_scene

CONTRIBUTING = Path(napari_uhrnet.__file__).resolve().parents[1] / "CONTRIBUTING.md"
pytestmark = pytest.mark.skipif(
    not CONTRIBUTING.exists(), reason="needs the repository, not an installed wheel"
)
CLASSES = ClassTable.from_file(resource_path("palettes", "deepglobe.json")).without_ignored()


def template(module):
    """What the code under a heading defines; its first line names the module."""
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", CONTRIBUTING.read_text(), re.DOTALL)
    (code,) = [code for name, code in blocks if name == f"napari_uhrnet/{module}.py"]
    found = {"__name__": module.replace("/", ".")}
    exec(compile(code, module, "exec"), found)
    return found


def test_every_block_of_code_is_a_template():
    blocks = re.findall(r"```python\n(.*?)```", CONTRIBUTING.read_text(), re.DOTALL)
    names = [block.splitlines()[0].removeprefix("# napari_uhrnet/") for block in blocks]
    assert names == ["models/tiny.py", "scene/readers/npy.py", "export/maps/npy.py"]


@pytest.fixture
def tiny(monkeypatch):
    """The network's template, known to the registry for one test."""
    made = template("models/tiny")
    entry = registry.ModelEntry("tiny", "two convolutions", made["TinyConfig"]())
    monkeypatch.setattr(registry, "_ENTRIES", (*registry.list_models(), entry))
    monkeypatch.setattr(build, "build_network", made["TinyNet"])
    return made


def test_the_network_is_listed_and_segments_a_scene(tiny):
    config = registry.find_entry("tiny").config
    assert registry.find_entry("tiny").parameters == 16 * 3 * 9 + 16 + 6 * 16 + 6
    # Cards check the config against the union of all networks, where this one is not.
    card = Card.model_construct(
        name="tiny", config=config, class_table=CLASSES.to_dict(), pixel_size_m=1.0, sha256=""
    )
    weights = tiny["TinyNet"](config).state_dict()
    weights["head.weight"].zero_()
    weights["head.bias"].zero_()
    # Class k of the red channel: water where there is red, else urban.
    weights["features.weight"].zero_()
    weights["features.bias"].zero_()
    weights["features.weight"][0, 0] = 1.0
    weights["head.weight"][4, 0] = 10.0
    weights["head.bias"][0] = 10.0
    model = registry.build_model(card, weights, "cpu")
    pixels = np.zeros((300, 340, 3), np.uint8)
    pixels[:, 170:, 0] = 255
    scene = array_scene([pixels], "two halves", 1.0)
    labels = segment(scene, model)
    assert (labels[:, :160] == CLASSES.ids[0]).all()
    assert (labels[:, 180:] == CLASSES.ids[4]).all()
    part = segment(scene, model, window=(20, 100, 200, 150))
    assert np.array_equal(part, labels[20:220, 100:250])


@pytest.fixture
def npy_reader(monkeypatch):
    """The reader's template, called where its text says."""
    made, read = template("scene/readers/npy"), opening._read

    def read_npy_too(path, indexed=False):
        if path.is_file() and path.read_bytes()[:4] == made["START"]:
            return made["open_npy"](path)
        return read(path, indexed)

    monkeypatch.setattr(opening, "_read", read_npy_too)
    return made


def test_the_reader_opens_a_file_as_a_scene(npy_reader, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (700, 900, 3), np.uint8)
    np.save(tmp_path / "scene.npy", pixels)
    with opening.open_scene(tmp_path / "scene.npy", pixel_size_m=0.5) as scene:
        read, valid = scene.read(Window(30, 40, 100, 200), 0)
        assert scene.shape_yx == (700, 900)
        assert scene.pixel_size_m == 0.5
    assert np.array_equal(read, pixels[30:130, 40:240])
    assert valid.all()


def test_the_reader_refuses_what_is_no_picture(npy_reader, tmp_path):
    np.save(tmp_path / "line.npy", np.zeros(5))
    with pytest.raises(UserError, match=r"line\.npy: holds no picture"):
        opening.open_scene(tmp_path / "line.npy")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "line.npy").read_bytes()[:20])
    with pytest.raises(UserError, match=r"cut\.npy: this \.npy file is damaged"):
        opening.open_scene(tmp_path / "cut.npy")


class _Reviewed:
    """Labels of which the left half was reviewed."""

    classes = CLASSES

    def __init__(self, labels):
        self.labels, self.shape_yx = labels, labels.shape

    def read(self, window):
        return self.labels[window.slices]

    def reviewed(self, window):
        columns = np.arange(window.x, window.right) < self.shape_yx[1] // 2
        return np.broadcast_to(columns, window.shape_yx)


def test_the_export_format_is_written_and_read_back(npy_reader, tmp_path, monkeypatch):
    write = template("export/maps/npy")["write_npy"]

    def write_map(path, format_name, read, labels):
        assert format_name == "npy"
        scene = labels.scene
        write(path, read, labels.shape_yx, labels.merging.target, scene.crs, scene.transform)

    monkeypatch.setattr(export, "MAP_SUFFIXES", export.MAP_SUFFIXES | {"npy": ".npy"})
    monkeypatch.setattr(export, "FORMATS", (*export.FORMATS, "npy"))
    monkeypatch.setattr(export, "_write_map", write_map)
    labels = np.random.default_rng(1).choice(CLASSES.ids, (60, 80)).astype(np.uint8)
    scene = array_scene([np.zeros((60, 80, 3), np.uint8)], "made", 1.0)
    target = tmp_path / "export"
    manifest = export.export_labels(target, "npy", [(scene, _Reviewed(labels))])
    (entry,) = manifest["scenes"]
    read = np.load(target / entry["file"])
    assert np.array_equal(read[:, :40], labels[:, :40])
    assert (read[:, 40:] == NOTHING).all()
    found = np.full(labels.shape, NOTHING, np.uint8)

    def take(window, ids):
        found[window.slices] = ids

    assert import_labels(target, scene, CLASSES, take) == 60 * 40
    assert np.array_equal(found, read)

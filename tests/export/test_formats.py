"""Exports as independent readers see them, by the rules that those formats document."""

import json
import sqlite3
from collections import Counter
from contextlib import closing

import numpy as np
import pytest
import rasterio
import shapely
import yaml
import zarr
from PIL import Image
from rasterio.features import rasterize

from napari_uhrnet import __version__
from napari_uhrnet.datasets.layouts import find_pairs
from napari_uhrnet.errors import UserError
from napari_uhrnet.export.export import MAP_SUFFIXES, export_labels
from napari_uhrnet.export.frames.selection import FrameRules
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from napari_uhrnet.geometry.window import Window
from tests.export.made import TABLE, TRANSFORM, UTM, Labels, made_labels, made_scene

SHAPE = (150, 190)
RULES = FrameRules(frame_px=40, overlap_px=4, split=(0.6, 0.2, 0.2))
PIXEL_LAYOUTS = ("deepglobe", "glnet", "magnet", "isdnet", "f2net", "palette")


@pytest.fixture
def labels():
    return made_labels(*SHAPE, all_reviewed=False)


@pytest.fixture
def scene():
    return made_scene(*SHAPE, georeferenced=True)


def counts_of(ids):
    return Counter(
        dict(zip(*(v.tolist() for v in np.unique(ids, return_counts=True)), strict=True))
    )


def expected_counts(manifest, labels, unreviewed):
    """Pixels by id over all frames, straight from the labels."""
    total = Counter()
    for frame in manifest["frames"]:
        window = Window(*frame["window"])
        ids = np.where(labels.written == 255, unreviewed, labels.written)[window.slices]
        total += counts_of(ids)
    return total


def glnet_folder(root, folder):
    """As GLNet's DeepGlobe loader reads a folder: ids from the names of images, masks mode L."""
    names = [n.name for n in (root / folder / "Sat").iterdir() if n.name.endswith(".jpg")]
    for key in (n[:-8] for n in names):
        image = Image.open(root / folder / "Sat" / (key + "_sat.jpg"))
        mask = Image.open(root / folder / "Label" / (key + "_mask.png"))
        assert image.mode == "RGB" and mask.mode == "L" and image.size == mask.size
        yield key, np.asarray(image), np.asarray(mask)


def test_glnet_reads_its_folders(tmp_path, scene, labels):
    manifest = export_labels(tmp_path / "out", "glnet", [(scene, labels)], rules=RULES)
    folders = {"train": "train", "crossvali": "val", "offical_crossvali": "test"}
    total = Counter()
    for folder, part in folders.items():
        read = list(glnet_folder(tmp_path / "out", folder))
        assert sorted(key for key, _, _ in read) == sorted(
            f["id"] for f in manifest["frames"] if f["part"] == part
        )
        for _, _, mask in read:
            total += counts_of(mask)
    assert total == expected_counts(manifest, labels, 0)


def test_glnet_has_all_folders_even_if_parts_are_empty(tmp_path, scene, labels):
    export_labels(tmp_path / "out", "glnet", [(scene, labels)], rules=FrameRules(frame_px=64))
    for folder in ("crossvali", "offical_crossvali"):
        assert list((tmp_path / "out" / folder / "Sat").iterdir()) == []


def test_magnet_reads_its_lists(tmp_path, scene, labels):
    """Lines "image<tab>label" relative to --root; exact colours, anything else is 0."""
    manifest = export_labels(tmp_path / "out", "magnet", [(scene, labels)], rules=RULES)
    root, total, seen = tmp_path / "out" / "deepglobe", Counter(), 0
    for part in ("train", "val", "test"):
        lines = (tmp_path / f"out/list/deepglobe/{part}.txt").read_text().splitlines()
        assert len(lines) == sum(f["part"] == part for f in manifest["frames"])
        for line in lines:
            image, label = line.strip().split("\t")
            colours = np.asarray(Image.open(root / label))
            assert Image.open(root / image).size == colours.shape[1::-1]
            ids = np.zeros(colours.shape[:2], np.uint8)
            for c in TABLE.classes:
                ids[(colours == c.rgb).all(axis=2)] = c.id
            total += counts_of(ids)
            seen += 1
    assert seen == len(manifest["frames"])
    assert total == expected_counts(manifest, labels, 0)


@pytest.mark.parametrize(
    ("name", "mask", "mode", "unreviewed"),
    [
        ("isdnet", "rgb2id/{part}/{id}_mask.png", "L", 255),
        ("f2net", "ann_dir/{part}/{id}_mask.png", "L", 0),
        ("palette", "masks/{part}/{id}.png", "P", 255),
    ],
)
def test_masks_of_ids(tmp_path, scene, labels, name, mask, mode, unreviewed):
    manifest = export_labels(tmp_path / "out", name, [(scene, labels)], rules=RULES)
    for frame in manifest["frames"]:
        image = Image.open(tmp_path / "out" / mask.format(**frame))
        assert image.mode == mode
        window = Window(*frame["window"])
        ids = labels.written[window.slices]
        np.testing.assert_array_equal(np.asarray(image), np.where(ids == 255, unreviewed, ids))
        if mode == "P":
            colours = np.asarray(image.convert("RGB"))
            np.testing.assert_array_equal(colours, TABLE.palette[ids])
    if name == "f2net":
        for part in ("train", "val", "test"):
            lines = (tmp_path / f"out/lists/{part}.txt").read_text().splitlines()
            assert lines == [f["id"] for f in manifest["frames"] if f["part"] == part] != []


def test_official_colours(tmp_path, scene, labels):
    manifest = export_labels(tmp_path / "out", "deepglobe", [(scene, labels)], rules=RULES)
    for frame in manifest["frames"]:
        mask = Image.open(tmp_path / "out" / "land-train" / f"{frame['id']}_mask.png")
        ids = labels.written[Window(*frame["window"]).slices]
        np.testing.assert_array_equal(np.asarray(mask), TABLE.palette[np.where(ids == 255, 0, ids)])


@pytest.mark.parametrize("name", PIXEL_LAYOUTS)
def test_the_layout_is_recognised_and_the_images_are_the_scenes(tmp_path, scene, labels, name):
    manifest = export_labels(tmp_path / "out", name, [(scene, labels)], rules=RULES)
    pairs = find_pairs(tmp_path / "out")
    assert not pairs.problems
    assert len(pairs.pairs) == len(manifest["frames"])
    found = {"palette": "folders", "deepglobe": "magnet"}
    assert pairs.layout == found.get(name, name)
    if name not in found:
        parts = [pair.split for pair in pairs.pairs]
        assert Counter(parts) == Counter(frame["part"] for frame in manifest["frames"])
    for frame in manifest["frames"]:
        image = np.asarray(Image.open(tmp_path / "out" / frame["image"])).astype(int)
        pixels, _ = scene.read(Window(*frame["window"]), 0)
        if name == "palette":
            np.testing.assert_array_equal(image, pixels)
        else:
            assert np.abs(image - pixels).mean() < 4
    assert ("not bit for bit" in manifest["images"]) == (name != "palette")


def test_without_a_value_for_unknown_such_frames_must_be_left_out(tmp_path, scene, labels):
    classes = ClassTable(
        "no unknown", (LabelClass(0, "a", (0, 0, 0)), LabelClass(1, "b", (9, 9, 9)))
    )
    plain = Labels(labels.ids % 2, labels.seen, classes)
    for name in ("glnet", "deepglobe", "magnet", "f2net"):
        with pytest.raises(UserError, match="no unknown class"):
            export_labels(tmp_path / name, name, [(scene, plain)], rules=RULES)
    assert list(tmp_path.iterdir()) == []
    rules = FrameRules(frame_px=40, unreviewed="leave-out")
    manifest = export_labels(tmp_path / "out", "glnet", [(scene, plain)], rules=rules)
    assert all(frame["counts"]["unreviewed"] == 0 for frame in manifest["frames"])


def test_colours_must_differ(tmp_path, scene, labels):
    twice = ClassTable("twice", tuple(LabelClass(c.id, c.name, (1, 2, 3)) for c in TABLE.classes))
    with pytest.raises(UserError, match="the same colour"):
        export_labels(
            tmp_path / "out",
            "magnet",
            [(scene, Labels(labels.ids, labels.seen, twice))],
            rules=RULES,
        )


def test_geotiff_is_a_cog_with_its_place(tmp_path):
    labels, scene = made_labels(700, 900), made_scene(700, 900, georeferenced=True)
    export_labels(tmp_path / "out", "geotiff", [(scene, labels)])
    with rasterio.open(tmp_path / "out" / "made.tif") as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        np.testing.assert_array_equal(file.read(1), labels.ids)
        assert file.crs.to_epsg() == 32632 and tuple(file.transform)[:6] == TRANSFORM
        assert file.nodata == 255 and file.colormap(1)[2] == (0, 255, 0, 255)
        assert file.overviews(1) == [2]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["made.tif", "manifest.json"]


def test_ome_zarr_is_a_label_image(tmp_path, scene, labels):
    export_labels(tmp_path / "out", "ome-zarr", [(scene, labels)])
    group = zarr.open_group(tmp_path / "out" / "made.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][:], labels.written)
    colours = {c["label-value"]: c["rgba"] for c in group.attrs["ome"]["image-label"]["colors"]}
    assert colours[4] == [0, 0, 255, 255] and colours[255] == [0, 0, 0, 0]


def burned(features, shape, transform):
    pairs = [(geometry, class_id) for geometry, class_id in features]
    return rasterize(pairs, shape, fill=255, transform=transform, dtype="uint8")


@pytest.mark.parametrize("placed", [True, False])
def test_geojson(tmp_path, labels, placed):
    scene = made_scene(*SHAPE, georeferenced=placed)
    export_labels(tmp_path / "out", "geojson", [(scene, labels)])
    content = json.loads((tmp_path / "out" / "made.geojson").read_text())
    assert content["type"] == "FeatureCollection"
    if placed:
        assert content["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::32632"
    else:
        assert "crs" not in content
    shapes = []
    for feature in content["features"]:
        geometry = shapely.geometry.shape(feature["geometry"])
        assert geometry.is_valid and geometry.exterior.is_ccw
        about = feature["properties"]
        assert TABLE.names[about["class_id"]] == about["class_name"]
        shapes.append((geometry, about["class_id"]))
    assert {f["properties"]["colour"] for f in content["features"]} == {
        "#00ffff",
        "#00ff00",
        "#0000ff",
    }
    transform = rasterio.Affine(*TRANSFORM) if placed else rasterio.Affine.identity()
    np.testing.assert_array_equal(burned(shapes, SHAPE, transform), labels.written)


def test_geopackage(tmp_path, scene, labels):
    export_labels(tmp_path / "out", "gpkg", [(scene, labels)])
    with closing(sqlite3.connect(tmp_path / "out" / "made.gpkg")) as file:
        assert file.execute("PRAGMA application_id").fetchone()[0].to_bytes(4) == b"GPKG"
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        (contents,) = file.execute("SELECT table_name, data_type, srs_id FROM gpkg_contents")
        assert contents == ("labels", "features", 32632)
        ids = {row[0] for row in file.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
        assert ids == {-1, 0, 4326, 32632}
        box = file.execute("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents").fetchone()
        rows = file.execute("SELECT geom, class_id FROM labels").fetchall()
    shapes = [(shapely.from_wkb(blob[40:]), class_id) for blob, class_id in rows]
    assert tuple(shapely.total_bounds([s for s, _ in shapes])) == box
    for (blob, _), (shape, _) in zip(rows, shapes, strict=True):
        x0, y0, x1, y1 = shape.bounds
        assert blob[:4] == b"GP\0\x03" and int.from_bytes(blob[4:8], "little") == 32632
        assert np.frombuffer(blob[8:40], "<f8").tolist() == [x0, x1, y0, y1]
    np.testing.assert_array_equal(
        burned(shapes, SHAPE, rasterio.Affine(*TRANSFORM)), labels.written
    )


def test_coco(tmp_path, scene, labels):
    mask_api = pytest.importorskip("pycocotools.mask")
    coco_api = pytest.importorskip("pycocotools.coco")
    manifest = export_labels(tmp_path / "out", "coco", [(scene, labels)], rules=RULES)
    frames = {f["image_id"]: f for f in manifest["frames"]}
    numbers = {v: int(k) for k, v in manifest["file_ids"].items()}
    assert numbers == {1: 1, 2: 2, 3: 4}
    seen = set()
    for part in ("train", "val", "test"):
        stuff = coco_api.COCO(tmp_path / f"out/annotations/stuff_{part}.json")
        things = coco_api.COCO(tmp_path / f"out/annotations/instances_{part}.json")
        assert [c["name"] for c in stuff.dataset["categories"]] == ["urban", "forest", "water"]
        assert stuff.getImgIds() == things.getImgIds() != []
        for image in stuff.loadImgs(stuff.getImgIds()):
            seen.add(image["id"])
            ids = labels.written[Window(*frames[image["id"]]["window"]).slices]
            path = tmp_path / "out" / "images" / part / image["file_name"]
            assert Image.open(path).size == (image["width"], image["height"]) == ids.shape[::-1]
            for one in stuff.loadAnns(stuff.getAnnIds(image["id"])):
                mask = stuff.annToMask(one).astype(bool)
                np.testing.assert_array_equal(mask, ids == numbers[one["category_id"]])
                rle = mask_api.frPyObjects(one["segmentation"], *ids.shape)
                assert mask_api.area(rle) == one["area"]
                assert mask_api.toBbox(rle).tolist() == one["bbox"]
            drawn = np.full(ids.shape, 255, np.uint8)
            for one in things.loadAnns(things.getAnnIds(image["id"])):
                rings = [np.reshape(ring, (-1, 2)) for ring in one["segmentation"]]
                shapes = [(shapely.Polygon(ring), numbers[one["category_id"]]) for ring in rings]
                part_of = burned(shapes, ids.shape, rasterio.Affine.identity())
                assert (part_of != 255).sum() == one["area"]
                drawn = np.where(part_of != 255, part_of, drawn)
            np.testing.assert_array_equal(drawn, ids)
    assert seen == set(frames)


def test_yolo(tmp_path, scene, labels):
    manifest = export_labels(tmp_path / "out", "yolo", [(scene, labels)], rules=RULES)
    data = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert data["names"] == {0: "urban", 1: "forest", 2: "water"}
    ids_of = {0: 1, 1: 2, 2: 4}
    for frame in manifest["frames"]:
        path = tmp_path / "out" / data[frame["part"]] / f"{frame['id']}.png"
        width, height = Image.open(path).size
        # Where YOLO looks: /images/ replaced by /labels/, the suffix by .txt.
        text = tmp_path / "out" / "labels" / frame["part"] / f"{frame['id']}.txt"
        shapes = []
        for line in text.read_text().splitlines():
            number, *shares = line.split()
            points = np.array(shares, float).reshape(-1, 2)
            assert points.min() >= 0 and points.max() <= 1 and len(points) >= 3
            shapes.append((shapely.Polygon(points * (width, height)), ids_of[int(number)]))
        ids = labels.written[Window(*frame["window"]).slices]
        drawn = burned(shapes, ids.shape, rasterio.Affine.identity()) if shapes else 255
        np.testing.assert_array_equal(drawn, ids)


@pytest.mark.parametrize("name", ["glnet", *MAP_SUFFIXES])
def test_the_manifest_says_where_all_is_from(tmp_path, scene, labels, name):
    checkpoints = [("c0ffee", "beef")]
    export_labels(tmp_path / "out", name, [(scene, labels)], rules=RULES, checkpoints=checkpoints)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["version"] == __version__ and manifest["format"] == name
    assert ClassTable.from_dict(manifest["classes"]) == TABLE
    assert manifest["mapping"] == {"0": 0, "1": 1, "2": 2, "4": 4}
    (entry,) = manifest["scenes"]
    assert entry["name"] == "made.tif" and entry["fingerprint"] == scene.fingerprint
    assert entry["crs"] == UTM and tuple(entry["transform"]) == TRANSFORM
    assert entry["checkpoints"] == ["c0ffee", "beef"]
    counted = manifest["frames"] if name == "glnet" else [{"window": (0, 0, *SHAPE)} | entry]
    for each in counted:
        counts = counts_of(labels.written[Window(*each["window"]).slices])
        named = {c.name: counts[c.id] for c in TABLE.classes} | {"unreviewed": counts[255]}
        assert each["counts"] == named


def test_progress_ends_at_one(tmp_path, scene, labels):
    for name in ("glnet", "geojson"):
        seen = []
        export_labels(tmp_path / name, name, [(scene, labels)], rules=RULES, progress=seen.append)
        assert seen == sorted(seen) and seen[-1] == pytest.approx(1)

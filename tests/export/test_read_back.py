"""Single masks and files of polygons as labels of a scene, wherever they lie."""

import json

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.warp import transform_geom

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.export import export_labels
from napari_uhrnet.export.frames.selection import FrameRules
from napari_uhrnet.export.maps.mask import write_mask
from napari_uhrnet.export.read_back import import_labels
from napari_uhrnet.geometry.classes import ClassTable, LabelClass
from tests.export.made import TABLE, TRANSFORM, UTM, collected, made_ids, made_labels, made_scene

SHAPE = (150, 190)


@pytest.fixture
def ids():
    return made_ids(*SHAPE)


def read(path, scene=None, **more):
    scene = scene or made_scene(*SHAPE, georeferenced=True)
    picture, write = collected(scene.shape_yx)
    import_labels(path, scene, TABLE, write, **more)
    return picture


def write_tif(path, ids, transform=TRANSFORM, crs=UTM):
    profile = {"driver": "GTiff", "height": ids.shape[0], "width": ids.shape[1], "count": 1}
    with rasterio.open(
        path, "w", **profile, dtype="uint8", crs=crs, transform=rasterio.Affine(*transform)
    ) as file:
        file.write(ids, 1)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".zarr"])
@pytest.mark.parametrize("georeferenced", [True, False])
def test_masks_that_segment_writes(tmp_path, ids, suffix, georeferenced):
    ids[40:60] = 255
    path = tmp_path / f"mask{suffix}"
    write_mask(path, lambda w: ids[w.slices], SHAPE, TABLE, crs=UTM, transform=TRANSFORM)
    np.testing.assert_array_equal(read(path, made_scene(*SHAPE, georeferenced=georeferenced)), ids)


def test_mask_of_colours(tmp_path, ids):
    Image.fromarray(TABLE.palette[ids]).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read(tmp_path / "mask.png"), ids)


def test_a_mask_with_another_class_table(tmp_path, ids):
    table = ClassTable("b", (LabelClass(7, "forest", (9, 9, 9)), LabelClass(8, "urban", (1, 1, 1))))
    Image.fromarray(np.where(ids == 2, 7, 8).astype(np.uint8)).save(tmp_path / "mask.png")
    picture = read(tmp_path / "mask.png", file_classes=table)
    np.testing.assert_array_equal(picture, np.where(ids == 2, 2, 1))


def test_a_mask_with_a_georeference_lies_where_it_says(tmp_path, ids):
    a, _, c, _, e, f = TRANSFORM
    part = ids[30:90, 50:180]
    write_tif(tmp_path / "part.tif", part, (a, 0, c + 50 * a, 0, e, f + 30 * e))
    expected = np.full(SHAPE, 255, np.uint8)
    expected[30:90, 50:180] = part
    np.testing.assert_array_equal(read(tmp_path / "part.tif"), expected)
    beyond = np.full((100, 200), 2, np.uint8)
    write_tif(tmp_path / "beyond.tif", beyond, (a, 0, c - 20 * a, 0, e, f - 10 * e))
    expected[:] = 255
    expected[:90, :180] = 2
    np.testing.assert_array_equal(read(tmp_path / "beyond.tif"), expected)


def test_a_coarser_mask_is_sampled_at_pixel_centres(tmp_path):
    a, _, c, _, e, f = TRANSFORM
    coarse = made_ids(75, 95)
    write_tif(tmp_path / "coarse.tif", coarse, (2 * a, 0, c, 0, 2 * e, f))
    np.testing.assert_array_equal(
        read(tmp_path / "coarse.tif"), np.kron(coarse, np.ones((2, 2), np.uint8))
    )


@pytest.mark.parametrize(
    ("transform", "crs", "words"),
    [
        ((0.3, 0, 0, 0, -0.3, 0), UTM, "no pixel of made.tif"),
        ((0.3, 0, 600000.0, 0, -0.3, 5200000.0), "EPSG:32633", "another coordinate reference"),
        ((0.3, 0.1, 600000.0, 0.1, -0.3, 5200000.0), UTM, "rotated"),
    ],
)
def test_masks_that_do_not_fit_are_refused(tmp_path, ids, transform, crs, words):
    write_tif(tmp_path / "mask.tif", ids[:90], transform, crs)
    with pytest.raises(UserError, match=words):
        read(tmp_path / "mask.tif")


def test_a_mask_of_another_size_without_a_place_is_refused(tmp_path, ids):
    Image.fromarray(ids[:100]).save(tmp_path / "mask.png")
    with pytest.raises(UserError, match=r"is 190 x 100 px and made\.tif is 190 x 150"):
        read(tmp_path / "mask.png")


def geojson(path, features, **more):
    listed = [
        {"type": "Feature", "properties": about, "geometry": geometry}
        for geometry, about in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed} | more))


BOX = shapely.box(20, 30, 60, 90)


def in_world(polygon):
    a, _, c, _, e, f = TRANSFORM
    return shapely.transform(polygon, lambda p: p * (a, e) + (c, f))


def test_polygons_in_any_coordinates(tmp_path):
    expected = np.full(SHAPE, 255, np.uint8)
    expected[30:90, 20:60] = 2
    world = in_world(BOX).__geo_interface__
    about = {"class": "Forest"}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
    geojson(tmp_path / "named.geojson", [(world, about)], crs=crs)
    geojson(tmp_path / "scenes.geojson", [(world, about)])
    degrees = transform_geom(UTM, "EPSG:4326", world)
    geojson(tmp_path / "degrees.geojson", [(degrees, about)])
    crs84 = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    geojson(tmp_path / "crs84.geojson", [(degrees, about)], crs=crs84)
    geojson(tmp_path / "pixels.json", [(BOX.__geo_interface__, about)])
    for name in ("named.geojson", "scenes.geojson", "degrees.geojson", "crs84.geojson"):
        np.testing.assert_array_equal(read(tmp_path / name), expected, name)
    np.testing.assert_array_equal(read(tmp_path / "pixels.json"), expected)
    plain = made_scene(*SHAPE)
    np.testing.assert_array_equal(read(tmp_path / "pixels.json", plain), expected)
    with pytest.raises(UserError, match="does not say where it lies"):
        read(tmp_path / "named.geojson", plain)


def test_later_polygons_lie_above_earlier_ones_and_ids_do_as_well_as_names(tmp_path):
    inner = shapely.box(30, 40, 50, 50)
    line = shapely.LineString([(0, 0), (9, 9)])
    features = [
        (BOX, {"class_id": 4}),
        (inner, {"class_id": 1}),
        (None, {}),
        (line, {"class_id": 1}),
    ]
    geojson(
        tmp_path / "a.geojson",
        [(g and g.__geo_interface__, about) for g, about in features],
    )
    picture = read(tmp_path / "a.geojson", made_scene(*SHAPE))
    assert (picture == 4).sum() == BOX.area - inner.area
    assert (picture[40:50, 30:50] == 1).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read as polygons"),
        ("[]", "cannot be read as polygons"),
        ('{"features": [{"geometry": {"type": "Polygon"}}]}', "cannot be read as polygons"),
        ('{"features": []}', "cannot be read as polygons"),
        ('{"type": "FeatureCollection", "features": []}', "no pixel of made.tif"),
        (
            '{"type": "FeatureCollection", "features": [{"type": "Feature", '
            '"properties": {"kind": "sea"}, "geometry": {"type": "Polygon", '
            '"coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]]}}]}',
            "names no class of 'made'",
        ),
    ],
)
def test_bad_geojson_is_refused_in_a_sentence(tmp_path, text, words):
    (tmp_path / "bad.geojson").write_text(text)
    with pytest.raises(UserError, match=words):
        read(tmp_path / "bad.geojson", made_scene(*SHAPE))


def test_bad_files_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "bad.gpkg").write_bytes(b"not a database, whatever it is called" * 99)
    with pytest.raises(UserError, match="cannot be read as polygons"):
        read(tmp_path / "bad.gpkg")
    with pytest.raises(UserError, match="no such file"):
        read(tmp_path / "nothing.png")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(UserError, match="no manifest of an export"):
        read(tmp_path)


def test_a_damaged_export_is_refused_in_a_sentence(tmp_path):
    scene, labels = made_scene(*SHAPE), made_labels(*SHAPE)
    for name in ("glnet", "coco", "yolo", "geotiff", "gpkg"):
        rules = FrameRules(frame_px=100)
        manifest = export_labels(tmp_path / name, name, [(scene, labels)], rules=rules)
        frame = manifest.get("frames", [{}])[0]
        file = frame.get("mask") or frame.get("labels") or manifest["scenes"][0].get("file")
        (tmp_path / name / (file or "annotations/stuff_train.json")).write_bytes(b"?")
        with pytest.raises(UserError):
            read(tmp_path / name, scene)
        (tmp_path / name / (file or "annotations/stuff_train.json")).unlink()
        with pytest.raises(UserError):
            read(tmp_path / name, scene)
    export_labels(tmp_path / "cut", "geojson", [(scene, labels)])
    file = tmp_path / "cut" / "manifest.json"
    content = json.loads(file.read_text())
    del content["scenes"][0]["file"]
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="there is no 'file' in it"):
        read(tmp_path / "cut", scene)


def test_unreviewed_frames_give_back_nothing_where_unknown_is_not_known(tmp_path):
    """Unknown by hand cannot be distinguished from not reviewed in a frame that has both."""
    labels, scene = made_labels(*SHAPE), made_scene(*SHAPE)
    labels.ids[:20, :20] = 0
    labels.seen[100:] = False
    export_labels(tmp_path / "out", "glnet", [(scene, labels)], rules=FrameRules(frame_px=75))
    picture = read(tmp_path / "out", scene)
    assert (picture[:20, :20] == 0).all() and (picture[100:] == 255).all()
    labels.seen[70:] = False
    export_labels(tmp_path / "two", "glnet", [(scene, labels)], rules=FrameRules(frame_px=75))
    assert (read(tmp_path / "two", scene)[:20, :20] == 255).all()

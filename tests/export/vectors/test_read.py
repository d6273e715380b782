"""Polygons of any shape, layer and place, and what is left out of them."""

import json

import numpy as np
import pyogrio
import pytest
import shapely
from rasterio.features import rasterize

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.vectors.read import area_of, polygon_blocks
from tests.export.made import TABLE, TRANSFORM, UTM, made_scene

SHAPE = (150, 190)
BOX, SMALL = shapely.box(20, 30, 60, 90), shapely.box(100, 10, 120, 40)
BOW_TIE = shapely.Polygon([(20, 20), (100, 100), (100, 20), (20, 100)])
WATER, FOREST = 4, 2


def read(path, scene=None):
    """(h, w) ids and the notes."""
    scene, notes = scene or made_scene(*SHAPE, georeferenced=True), []
    picture = np.full(scene.shape_yx, 255, np.uint8)
    for window, ids in polygon_blocks(path, scene, TABLE, notes.append):
        picture[window.slices] = ids
    return picture, notes


def drawn(*polygons):
    return rasterize(polygons, SHAPE, fill=255, dtype="uint8")


def in_world(geometry):
    a, _, c, _, e, f = TRANSFORM
    return shapely.transform(geometry, lambda p: p * (a, e) + (c, f))


def geojson(path, *features, **more):
    listed = [
        {"type": "Feature", "properties": about, "geometry": g and g.__geo_interface__}
        for g, about in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed} | more))
    return path


def add_layer(path, layer, geometry, **properties):
    columns = [np.array([value]) for value in properties.values()]
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array([geometry])),
        columns,
        list(properties),
        layer=layer,
        driver="GPKG",
        geometry_type="Polygon",
        crs=UTM,
        append=path.exists(),
    )


@pytest.mark.parametrize(
    ("geometry", "area"),
    [
        (BOW_TIE, 3200),
        (shapely.MultiPolygon([shapely.box(0, 0, 6, 6), shapely.box(3, 3, 9, 9)]), 63),
        (shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (4, 0), (4, 4), (0, 4)]), 81),
        (shapely.Polygon([(0, 0), (8, 0), (8, 8), (0, 8)], [[(2, 2), (4, 2), (4, 4), (2, 4)]]), 60),
        (
            shapely.GeometryCollection(
                [shapely.Point(1, 1), shapely.GeometryCollection([BOX, SMALL]), BOX]
            ),
            3000,
        ),
        (shapely.LineString([(0, 0), (9, 9)]), 0),
        (shapely.Polygon([(0, 0), (9, 9), (3, 3)]), 0),
        (None, 0),
    ],
)
def test_all_that_a_geometry_encloses_is_kept(geometry, area):
    found = area_of(geometry)
    assert found.is_valid and found.area == area and found.is_empty == (area == 0)


def test_a_bow_tie_is_drawn_with_both_lobes_and_what_has_no_area_is_counted(tmp_path):
    path = geojson(
        tmp_path / "a.geojson",
        (in_world(BOW_TIE), {"class": "forest"}),
        (in_world(shapely.Point(3, 3)), {}),
        (None, {}),
        (in_world(shapely.box(500, 500, 600, 600)), {"class": "of elsewhere"}),
    )
    picture, notes = read(path)
    np.testing.assert_array_equal(picture, drawn((area_of(BOW_TIE), FOREST)))
    assert notes == [
        "2 of 4 features were left out: points, lines or nothing, without an area",
        "1 of 4 features were left out: they lie outside of made.tif",
    ]


def test_all_layers_of_a_geopackage_count_and_their_names_do_if_nothing_else_names_a_class(
    tmp_path,
):
    path = tmp_path / "LABELS.GPKG"
    add_layer(path, "areas", in_world(BOX), class_name="water")
    add_layer(path, "forest", in_world(SMALL), id=4)
    picture, notes = read(path)
    np.testing.assert_array_equal(picture, drawn((BOX, WATER), (SMALL, FOREST)))
    assert notes == []


@pytest.mark.parametrize("corner", [(0, 0), (100, 100), (20, 0)])
def test_pixel_polygons_on_a_georeferenced_scene(tmp_path, corner):
    """Some of these coordinates are longitudes and latitudes, too, of which the scene is one."""
    x, y = corner
    polygon = shapely.box(x, y, x + 45, y + 50)
    path = geojson(tmp_path / "a.geojson", (polygon, {"class": "water"}))
    picture, notes = read(path)
    np.testing.assert_array_equal(picture, drawn((polygon, WATER)))
    assert notes == [
        "a.geojson names no coordinate reference system: taken to be in pixels of the scene"
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"images": [], "annotations": [], "categories": []}, "COCO"),
        ({"version": "5.0", "shapes": [], "imagePath": "a.jpg"}, "labelme"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]]}, "bare geometry"),
        ({"type": "Topology", "arcs": [], "objects": {}}, "TopoJSON"),
        ({"name": "a", "classes": []}, "class table"),
    ],
)
def test_files_of_other_tools_are_named(tmp_path, content, words):
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=words):
        read(tmp_path / "a.json")

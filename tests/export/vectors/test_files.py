"""Which files are read as polygons, and what is taken from them."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import pyogrio
import pytest
import shapely

from napari_uhrnet.errors import UserError
from napari_uhrnet.export.vectors.files import read_layers

BOX = shapely.box(20, 30, 60, 90)
POLYGON = json.loads(shapely.to_geojson(BOX))


def geojson(path, *properties, **more):
    features = [{"type": "Feature", "properties": p, "geometry": POLYGON} for p in properties]
    content = {"type": "FeatureCollection", "features": features} | more
    path.write_text(json.dumps(content))
    return path


def named(crs):
    return {"type": "name", "properties": {"name": crs}}


def geopackage(path, crs="EPSG:32632", layer="labels", append=False, **fields):
    columns = [np.array(values) for values in fields.values()]
    boxes = shapely.to_wkb(np.array([BOX] * len(columns[0])))
    pyogrio.raw.write(
        path,
        boxes,
        columns,
        list(fields),
        layer=layer,
        driver="GPKG",
        geometry_type="Polygon",
        crs=crs,
        append=append,
    )
    return path


def only(path):
    [layer] = read_layers(path)
    return layer


FOREIGN = {
    "pipeline.json": '{"type": "gdal_streamed_alg", "command_line": '
    '"gdal vector pipeline ! read a.gpkg"}',
    "esri.json": '{"geometryType": "esriGeometryPolygon", "fields": [], "features": [{"attributes":'
    ' {}, "geometry": {"rings": [[[0, 0], [9, 0], [9, 9], [0, 0]]]}}]}',
    "topo.json": '{"type": "Topology", "objects": {}, "arcs": []}',
    "virtual.geojson": '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>a.gpkg'
    "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    "virtual.gpkg": '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>a.gpkg'
    "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    "table.json": "class_name,WKT\nforest,POLYGON ((0 0,9 0,9 9,0 0))\n",
    "plain.gpkg": '{"type": "FeatureCollection", "features": []}',
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_formats_are_refused_whatever_they_are_called(tmp_path, name):
    geopackage(tmp_path / "a.gpkg", class_id=[1])
    content = FOREIGN[name].replace("a.gpkg", str(tmp_path / "a.gpkg"))
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=rf"{name}: cannot be read as polygons \(.+\): choose"):
        read_layers(tmp_path / name)


def test_a_database_that_is_no_geopackage_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as file:
        file.execute("CREATE TABLE labels (geom, class_id)")
        file.commit()
    with pytest.raises(UserError, match=r"a\.gpkg: cannot be read as polygons"):
        read_layers(tmp_path / "a.gpkg")[0]


@pytest.mark.parametrize("name", ["LABELS.GPKG", "a!b.gpkg", "c;d.gpkg", "e:f?.gpkg"])
def test_geopackages_by_any_name(tmp_path, name):
    geopackage(tmp_path / "a.gpkg", class_id=[4], class_name=["water"]).rename(tmp_path / name)
    features = read_layers(tmp_path / name)
    assert features.crs.to_epsg() == 32632
    assert features.geometries.tolist() == [BOX]
    assert features.properties == [{"class_id": 4, "class_name": "water"}]


def test_tables_without_geometries_are_passed_over(tmp_path):
    pyogrio.raw.write(
        tmp_path / "a.gpkg", None, [np.array([1])], ["number"], layer="first", driver="GPKG"
    )
    with pytest.raises(UserError, match="there is no layer with geometries"):
        read_layers(tmp_path / "a.gpkg")
    geopackage(tmp_path / "a.gpkg", layer="second", append=True, class_id=[4])
    assert only(tmp_path / "a.gpkg").properties == [{"class_id": 4}]


def test_a_geopackage_without_a_crs(tmp_path):
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        geopackage(tmp_path / "a.gpkg", crs=None, class_id=[1])
    assert only(tmp_path / "a.gpkg").crs is None
    for srs_id in (-1, 0):
        with closing(sqlite3.connect(tmp_path / "a.gpkg")) as file:
            file.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (srs_id,))
            file.execute("UPDATE gpkg_contents SET srs_id = ?", (srs_id,))
            file.commit()
        assert only(tmp_path / "a.gpkg").crs is None


@pytest.mark.parametrize(
    ("crs", "epsg"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
        ("urn:ogc:def:crs:EPSG::4326", 4326),
        ("urn:ogc:def:crs:EPSG::32632", 32632),
        ("EPSG:32632", 32632),
    ],
)
def test_the_crs_of_geojson_in_front_or_behind(tmp_path, crs, epsg):
    behind = geojson(tmp_path / "behind.geojson", {"crs": "a"}, crs=named(crs))
    content = json.loads(behind.read_text())
    in_front = tmp_path / "in_front.geojson"
    in_front.write_text(json.dumps({"crs": content.pop("crs")} | content))
    for path in (behind, in_front):
        assert only(path).crs.to_epsg() == epsg


def test_geojson_without_a_crs(tmp_path):
    for more in ({}, {"crs": None}):
        properties = {"crs": named("EPSG:32632")}
        assert only(geojson(tmp_path / "a.json", properties, **more)).crs is None
    with pytest.raises(UserError, match="cannot be read as polygons"):
        read_layers(geojson(tmp_path / "a.json", {}, crs=named("urn:nobody:knows")))[0]


def test_properties_are_as_they_were_written(tmp_path):
    rows = [
        {"class_id": 4, "kind": "sea", "share": 0.5, "seen": True},
        {"class_id": None, "kind": None},
        {"class_id": 1, "share": 1.0},
    ]
    found = only(geojson(tmp_path / "a.json", *rows)).properties
    assert found == [rows[0], {}, rows[2]]
    assert [type(row["class_id"]) for row in (found[0], found[2])] == [int, int]


def test_properties_of_any_type_do_not_keep_a_file_from_being_read(tmp_path):
    path = geojson(tmp_path / "a.json", {"tags": ["a", "b"], "sizes": [1, 2], "more": {"a": 1}}, {})
    found = only(path).properties
    assert "more" in found[0] and found[1] == {}

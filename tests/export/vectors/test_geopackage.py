"""GeoPackages as others read them: by place, through the spatial index."""

import sqlite3
from contextlib import closing

import numpy as np
import pyogrio
import pytest
import shapely
from rasterio.crs import CRS

from napari_uhrnet.export.vectors import geopackage
from napari_uhrnet.export.vectors.geopackage import write_geopackage
from tests.export.made import TABLE, TRANSFORM, UTM, made_ids

IDS = made_ids(120, 160)


def write(path, ids=IDS, crs=UTM, transform=TRANSFORM):
    write_geopackage(path, lambda w: ids[w.slices], ids.shape, TABLE, crs, transform)
    return path


def test_a_part_is_found_by_its_place(tmp_path):
    path = write(tmp_path / "a.gpkg")
    info = pyogrio.read_info(path)
    assert info["crs"] == "EPSG:32632" and info["geometry_type"] == "Polygon"
    assert info["capabilities"]["fast_spatial_filter"]
    a, _, c, _, e, f = TRANSFORM
    assert info["total_bounds"] == (c, f + 120 * e, c + 160 * a, f)
    assert info["fields"].tolist() == ["class_id", "class_name", "colour"]
    part = shapely.box(c + 20 * a, f + 40 * e, c + 30 * a, f + 30 * e)
    everything = shapely.from_wkb(pyogrio.raw.read(path)[2])
    _, _, found, columns = pyogrio.raw.read(path, bbox=part.bounds)
    expected = everything[shapely.intersects(everything, part)]
    assert 0 < len(expected) < len(everything)
    assert {g.wkt for g in shapely.from_wkb(found)} >= {g.wkt for g in expected}
    assert len(found) < len(everything)
    assert {TABLE.names[i] for i in columns[0].tolist()} == set(columns[1])


def test_the_index_has_every_region_whatever_the_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(geopackage, "_BATCH", 7)
    path = write(tmp_path / "a.gpkg")
    with closing(sqlite3.connect(path)) as file:
        extensions = file.execute("SELECT extension_name FROM gpkg_extensions").fetchall()
        (count,) = file.execute("SELECT count(*) FROM labels").fetchone()
        indexed = file.execute(
            "SELECT id, minx, maxx FROM rtree_labels_geom ORDER BY id"
        ).fetchall()
        assert file.execute("SELECT rtreecheck('rtree_labels_geom')").fetchone() == ("ok",)
        rows = file.execute("SELECT fid, geom FROM labels ORDER BY fid").fetchall()
    assert extensions == [("gpkg_rtree_index",)]
    assert count == len(indexed) > 21
    for (fid, blob), (index, left, right) in zip(rows, indexed, strict=True):
        bounds = shapely.from_wkb(blob[40:]).bounds
        assert fid == index and left <= bounds[0] and bounds[2] <= right
    monkeypatch.setattr(geopackage, "_BATCH", 10_000)
    whole = pyogrio.raw.read(write(tmp_path / "b.gpkg"))
    batched = pyogrio.raw.read(path)
    assert batched[2].tolist() == whole[2].tolist()
    for one, other in zip(batched[3], whole[3], strict=True):
        np.testing.assert_array_equal(one, other)


def test_pixels_have_an_undefined_cartesian_srs(tmp_path):
    path = write(tmp_path / "a.gpkg", crs=None, transform=None)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT srs_id FROM gpkg_geometry_columns").fetchone() == (-1,)
        assert file.execute("SELECT srs_id FROM gpkg_contents").fetchone() == (-1,)
    assert pyogrio.read_info(path)["total_bounds"] == (0, 0, 160, 120)


def test_a_crs_without_a_number_is_kept(tmp_path):
    own = CRS.from_string("+proj=laea +lat_0=12 +lon_0=34 +datum=WGS84 +units=m")
    path = write(tmp_path / "a.gpkg", crs=own.to_wkt())
    assert CRS.from_user_input(pyogrio.read_info(path)["crs"]) == own


def test_nothing_labelled_is_a_table_without_rows(tmp_path):
    info = pyogrio.read_info(write(tmp_path / "a.gpkg", np.full((9, 9), 255, np.uint8)))
    assert info["features"] == 0 and info["crs"] == "EPSG:32632"


@pytest.mark.parametrize("name", ["new!", "a;b", "c.zip!d", "e?f#g%20", "h:i"])
def test_names_that_look_like_addresses(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    path = write(tmp_path / name / f"{name}.gpkg")
    assert [p.name for p in (tmp_path / name).iterdir()] == [path.name]
    assert [p.name for p in tmp_path.iterdir()] == [name]
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) > 9 FROM labels").fetchone() == (1,)

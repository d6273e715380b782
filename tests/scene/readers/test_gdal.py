from __future__ import annotations

import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import rasterio

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.open import open_scene
from napari_uhrnet.scene.readers import gdal
from napari_uhrnet.scene.readers.quiet import quiet
from tests.scene.pictures import noise, whole, write_geotiff

WMS = """<GDAL_WMS><Service name="WMS"><ServerUrl>{url}/wms?</ServerUrl><Layers>x</Layers></Service>
<DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>0</UpperLeftY><LowerRightX>64</LowerRightX>
<LowerRightY>64</LowerRightY><SizeX>64</SizeX><SizeY>64</SizeY></DataWindow>
<BandsCount>3</BandsCount></GDAL_WMS>"""


@pytest.fixture
def server():
    """(address, list of the requests that it saw) of a server on this machine."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_POST = do_GET

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}", seen
    listening.shutdown()
    listening.server_close()


def with_tags(path, **tags):
    write_geotiff(path, noise((60, 60, 1)))
    with rasterio.open(path, "r+") as file:
        file.update_tags(ns="OVERVIEWS", **tags)
    return path


def refused(path):
    with pytest.raises(UserError) as caught, open_scene(path) as scene:
        whole(scene)
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


@pytest.mark.parametrize("form", ["{url}/a.tif", "/vsicurl/{url}/a.tif", WMS, "/tmp/other.tif"])
def test_overviews_of_elsewhere_are_refused_and_never_fetched(tmp_path, server, form):
    url, seen = server
    named = form.format(url=url)
    assert "smaller levels from elsewhere" in refused(
        with_tags(tmp_path / "a.tif", OVERVIEW_FILE=named)
    )
    write_geotiff(tmp_path / "b.tif", noise((60, 60, 1)))
    (tmp_path / "b.tif.aux.xml").write_text(
        f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{escape(named)}</MDI>'
        "</Metadata></PAMDataset>"
    )
    assert "smaller levels from elsewhere" in refused(tmp_path / "b.tif")
    assert seen == []


@pytest.mark.parametrize("suffix", [".ovr", ".msk"])
def test_what_lies_beside_must_be_a_tiff(tmp_path, server, suffix):
    url, seen = server
    path = write_geotiff(tmp_path / "a.tif", noise((60, 60, 1)))
    (tmp_path / f"a.tif{suffix}").write_text(WMS.format(url=url))
    assert f"a.tif{suffix} beside it is no TIFF" in refused(path)
    assert seen == []


@pytest.mark.parametrize("name", ["a.xml", "a.tif", "a.png"])
def test_services_are_no_pictures_whatever_their_name(tmp_path, server, name):
    url, seen = server
    (tmp_path / name).write_text(WMS.format(url=url))
    assert "not an image that can be read" in refused(tmp_path / name)
    assert seen == []


def test_a_reference_system_from_a_server_is_not_fetched(tmp_path, server):
    url, seen = server
    path = write_geotiff(tmp_path / "a.tif", noise((60, 60, 3)))
    (tmp_path / "a.tif.aux.xml").write_text(f"<PAMDataset><SRS>{url}/srs</SRS></PAMDataset>")
    with open_scene(path) as scene:
        assert scene.crs is None
        whole(scene)
    assert seen == []


def test_every_thread_reads_without_network(tmp_path):
    path = write_geotiff(tmp_path / "a.tif", noise((60, 60, 1)))
    found = []

    def read():
        with gdal.gdal_rules():
            found.append(rasterio.env.getenv()["CPL_VSIL_CURL_ALLOWED_FILENAME"])

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == ["none"]
    with quiet(), gdal.open_dataset(path) as dataset:
        assert np.array_equal(dataset.read(1), noise((60, 60, 1))[..., 0])


def test_errors_of_gdal_that_are_no_error_of_rasterio():
    from rasterio.crs import CRS
    from rasterio.warp import transform

    local = CRS.from_wkt('LOCAL_CS["here",UNIT["metre",1]]')
    with pytest.raises(gdal.GDAL_ERRORS):
        transform(local, "EPSG:4326", [0.0], [0.0])
    with pytest.raises(gdal.GDAL_ERRORS):
        CRS.from_user_input("EPSG:99999999")

"""UHRNet for ultra-high-resolution scenes: a library without a GUI and a napari plugin on top.

Importing this package imports neither torch, dask nor Qt; the three functions below load what they
need when they are first asked for.

`errors`       the one exception whose text is for the person at the screen
`extras`       what the base install leaves out
`resources`    where the files of src_resources are
`version`      of this package
`strict_json`  JSON from outside, read strictly
`harmless`     formulas and control characters disarmed
"""

from typing import TYPE_CHECKING, Any

from napari_uhrnet.version import __version__

__all__ = ["__version__", "load_model", "open_scene", "segment"]

if TYPE_CHECKING:
    from napari_uhrnet.engine.segment import segment
    from napari_uhrnet.models.registry import load_model
    from napari_uhrnet.scene.open import open_scene

_HOME = {
    "open_scene": "napari_uhrnet.scene.open",
    "load_model": "napari_uhrnet.models.registry",
    "segment": "napari_uhrnet.engine.segment",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'napari_uhrnet' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)

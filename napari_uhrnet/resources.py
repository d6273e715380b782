"""Where files are: those of src_resources/, in a checkout and in a wheel, and the user's cache."""

import os
from pathlib import Path


def _root() -> Path:
    package = Path(__file__).resolve().parent
    installed = package.with_name("napari_uhrnet_assets")
    return installed if installed.is_dir() else package.parent


def resource_path(*parts: str) -> Path:
    """Path of a file of src_resources, e.g. ``resource_path("icons", "run.svg")``."""
    path = _root().joinpath("src_resources", *parts)
    if not path.exists():
        raise FileNotFoundError(f"napari-uhrnet ships no {path}")
    return path


def cache_root() -> Path:
    """Folder for everything that can be computed again: NAPARI_UHRNET_CACHE or the system's."""
    named = os.environ.get("NAPARI_UHRNET_CACHE")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("napari-uhrnet", appauthor=False)

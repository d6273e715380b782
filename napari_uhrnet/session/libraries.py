"""Keeps two copies of LLVM in one process apart."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec


def load_triton_apart() -> None:
    """Import triton, if it is there, so that it uses its own LLVM and not the window's.

    Torch imports triton, whose library brings an LLVM; so does Mesa's OpenGL, which napari's window
    has loaded before. Without this, triton's calls end up in Mesa's LLVM and the process dies
    (the same clash as tensorflow/tensorflow#124205).
    """
    if "triton" in sys.modules or not hasattr(os, "RTLD_DEEPBIND") or find_spec("triton") is None:
        return
    before = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_NOW | os.RTLD_DEEPBIND)
    try:
        # Torch works without triton if that is broken.
        with suppress(ImportError):
            import_module("triton")
    finally:
        sys.setdlopenflags(before)

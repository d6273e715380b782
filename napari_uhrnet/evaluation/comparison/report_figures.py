"""Pictures and charts in data URIs, drawn without a screen and without state."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uhrnet.geometry.classes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_uhrnet.geometry.classes import ClassTable

_A_COLOUR, _B_COLOUR = "#3a6ea5", "#d98032"
_AGREE, _DIFFER = (228, 228, 224), (176, 32, 16)
_DPI = 140


def photo_uri(rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> str:
    """(h, w, 3) uint8 colours as JPEG, which is a tenth of a PNG; grey where not valid."""
    from PIL import Image

    buffer = BytesIO()
    shown = np.where(valid[..., None], rgb, np.uint8(128))
    Image.fromarray(shown).save(buffer, "JPEG", quality=88)
    return _data_uri(buffer, "jpeg")


def labels_uri(ids: NDArray[np.uint8], classes: ClassTable) -> str:
    """(h, w) uint8 ids in the colours of their classes; nothing is transparent."""
    return _map_uri(classes.palette[ids], ids != NOTHING)


def differing_uri(share: NDArray[np.float64]) -> str:
    """(h, w) shares 0..1 from grey to red; NaN is transparent.

    By the square root of the share, so that a little is seen, too.
    """
    known = ~np.isnan(share)
    strength = np.sqrt(np.where(known, share, 0.0))[..., None]
    rgb = (1 - strength) * np.array(_AGREE) + strength * np.array(_DIFFER)
    return _map_uri(np.rint(rgb).astype(np.uint8), known)


def confusion_uri(counts: NDArray[np.int64], names: Sequence[str], rows: str, columns: str) -> str:
    """(N, N) counts as a matrix, each row in shares of its sum."""
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    side = 1.6 + 0.55 * len(names)
    figure, axes = _chart(side + 0.6, side)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    plain = {"parse_math": False}
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", **plain)
    axes.set_yticks(range(len(names)), names, **plain)
    axes.set_xlabel(columns)
    axes.set_ylabel(rows)
    for (row, column), value in np.ndenumerate(share):
        if total[row, 0]:
            colour = "white" if value > 0.55 else "black"
            axes.text(
                column, row, f"{value:.0%}", ha="center", va="center", color=colour, fontsize=8
            )
    return _chart_uri(figure)


def areas_uri(a: Sequence[float], b: Sequence[float], names: Sequence[str], unit: str) -> str:
    """Two bars for each class: how much of the area A and B give to it."""
    figure, axes = _chart(6.4, 1.2 + 0.5 * len(names))
    place = np.arange(len(names))
    axes.barh(place - 0.2, a, 0.38, color=_A_COLOUR, label="A")
    axes.barh(place + 0.2, b, 0.38, color=_B_COLOUR, label="B")
    axes.set_yticks(place, names, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlabel(f"area [{unit}]")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return _chart_uri(figure)


def _map_uri(rgb: NDArray[np.uint8], opaque: NDArray[np.bool_]) -> str:
    """(h, w, 3) uint8 colours as PNG, transparent where (h, w) ``opaque`` is not."""
    from PIL import Image

    alpha = np.where(opaque, 255, 0).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(np.dstack([rgb, alpha])).save(buffer, "PNG", optimize=True)
    return _data_uri(buffer, "png")


def _chart(width_inch: float, height_inch: float) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inch, height_inch), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _chart_uri(figure: Any) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return _data_uri(buffer, "png")


def _data_uri(buffer: BytesIO, kind: str) -> str:
    return f"data:image/{kind};base64," + base64.b64encode(buffer.getvalue()).decode("ascii")

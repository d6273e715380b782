from __future__ import annotations

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.scene.picture.plausible import (
    LARGEST_PIXEL_M,
    LARGEST_SIDE_PX,
    check_shape,
    plausible_sides_m,
    plausible_size_m,
)


@pytest.mark.parametrize(
    "number",
    [0, -1, "nan", "inf", "-inf", float("nan"), "", "wide", None, [], 1e5, "1e400", 10**400],
)
def test_impossible_pixel_sizes_are_unknown(number):
    assert plausible_size_m(number) is None
    assert plausible_sides_m(number, 1) is None and plausible_sides_m(1, number) is None


def test_possible_ones_are_kept():
    assert plausible_size_m("0.25") == 0.25
    assert plausible_size_m(LARGEST_PIXEL_M) == LARGEST_PIXEL_M
    assert plausible_sides_m(0.5, "2") == 1.0


@pytest.mark.parametrize("shape", [(0, 5, 1), (5, -1, 1), (5, LARGEST_SIDE_PX + 1, 3)])
def test_impossible_sides_are_refused(shape):
    with pytest.raises(UserError, match=r"a\.tif: a picture of .* px is not possible"):
        check_shape("a.tif", shape)


def test_too_many_bands_are_refused_and_plausible_shapes_are_not():
    check_shape("a.tif", (4_000_000, 8_000_000, 13))
    with pytest.raises(UserError, match="bands"):
        check_shape("a.tif", (5, 5, 100_000))

"""Memory: the largest number of patches at once that a budget allows, and reading amounts."""

import pytest
import torch

from napari_uhrnet.errors import UserError
from napari_uhrnet.training.loop.memory import (
    ProcessMeter,
    choose_patches_at_once,
    meter_of,
    parse_bytes,
)


@pytest.mark.parametrize(
    ("budget", "count"), [(1100, 1), (1199, 1), (1200, 2), (1999, 9), (2000, 10), (10**6, 36)]
)
def test_as_many_patches_as_fit(budget, count):
    assert choose_patches_at_once(lambda n: 1000 + 100 * n, budget, 36) == (
        count,
        1000 + 100 * count,
    )


def test_a_budget_for_less_than_one_patch_is_refused():
    with pytest.raises(UserError, match=r"holds 1\.10 GB.*budget of 1\.00 GB"):
        choose_patches_at_once(lambda n: (10 + n) * 10**8, 10**9, 36)


def test_patches_that_cost_nothing_are_taken_all():
    assert choose_patches_at_once(lambda n: 50, 100, 36)[0] == 36


def test_the_process_meter_sees_a_large_array():
    meter = meter_of(torch.device("cpu"))
    assert isinstance(meter, ProcessMeter)
    meter.reset()
    before = meter.peak_bytes()
    values = torch.ones(1 << 26)
    del values
    assert meter.peak_bytes() - before > 200e6


@pytest.mark.parametrize(
    ("text", "count"),
    [("4GB", 4 * 10**9), ("1.5 gib", 3 << 29), ("800MB", 8 * 10**8), ("123", 123)],
)
def test_amounts_of_memory(text, count):
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "4 apples", "nan", "inf GB"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(UserError, match="write it like 4GB"):
        parse_bytes(text)

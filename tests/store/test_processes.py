"""Processes that are killed while they write, and two that write at once."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.store.made import CELLS, assert_consistent, open_store

ROOT = Path(__file__).parents[2]


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.made", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked children")
def test_killed_at_any_moment_it_shows_whole_rectangles_or_nothing(tmp_path):
    chance = random.Random(7)
    folder = tmp_path / "s"
    killed = finished = 0
    with start("crash", folder) as driver:
        for _ in range(16):
            how = chance.choice(("half", "before", "after"))
            if chance.random() < 0.25:
                folder = _another(driver, tmp_path, killed)
            driver.stdin.write(f"{chance.randint(1, 90)} {how} {chance.randint(0, 30)}\n")
            driver.stdin.flush()
            killed += driver.stdout.readline() == "killed\n"
            with open_store(folder) as store:
                assert_consistent(store)
                finished += store.finished().sum()
        driver.stdin.close()
    assert killed >= 8
    assert finished > 0
    assert not list(tmp_path.glob("*.creating"))


def _another(driver, tmp_path, number):
    """Start again with an empty store: move the present one away."""
    (tmp_path / "s").rename(tmp_path / f"done{number}") if (tmp_path / "s").exists() else None
    return tmp_path / "s"


def test_two_processes_writing_the_same_chunks_lose_nothing(tmp_path):
    folder = tmp_path / "s"
    with start("part", folder, 0) as one, start("part", folder, 1) as other:
        for process in (one, other):
            assert process.stdout.readline() == "ready\n"
        for process in (one, other):
            process.stdin.write("go\n")
            process.stdin.close()
    assert one.returncode == other.returncode == 0
    with open_store(folder) as store:
        assert store.finished().sum() == len(CELLS)
        assert np.all(store.finished())
        assert_consistent(store)

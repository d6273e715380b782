"""Only the latest of jobs is heard of, whatever earlier ones still yield."""

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.latest_job import LatestJob, surface, why
from napari_uhrnet.session.runner import SyncRunner


class Log:
    def __init__(self, stepwise=True):
        self.runner = SyncRunner(stepwise=stepwise)
        self.job, self.entries = LatestJob(self.runner), []

    def start(self, name, steps):
        self.job.start(
            lambda: (yield from steps),
            lambda value: self.entries.append((name, value)),
            lambda error: self.entries.append((name, "end", error)),
        )


def test_results_and_the_end_arrive():
    log = Log(stepwise=False)
    log.start("a", [1, 2])
    assert log.entries == [("a", 1), ("a", 2), ("a", "end", None)]
    assert not log.job.running


def test_nothing_of_an_earlier_job_arrives_after_the_next_was_started():
    log = Log()
    log.start("a", [1, 2, 3])
    log.runner.step()
    log.start("b", [4])
    log.runner.drain()
    assert log.entries == [("a", 1), ("b", 4), ("b", "end", None)]


def test_a_cancelled_job_ends_and_a_dropped_one_is_silent():
    log = Log()
    log.start("a", [1, 2])
    log.runner.step()
    log.job.cancel()
    assert log.job.running
    log.runner.drain()
    assert log.entries[1:] == [("a", "end", None)] and not log.job.running
    log.start("b", [1, 2])
    log.runner.step()
    log.job.drop()
    assert not log.job.running
    log.runner.drain()
    assert log.entries[2:] == [("b", 1)]


def test_after_closing_nothing_arrives_but_the_last_thing_is_done():
    log, last = Log(), []
    log.start("a", [1, 2])
    log.runner.step()
    log.job.close(lambda: last.append("done"))
    log.runner.drain()
    assert log.entries == [("a", 1)] and last == ["done"]


def test_bad_input_is_explained_and_a_bug_surfaces():
    bad, bug = UserError("scene.tif: is empty: choose another"), ZeroDivisionError("oh")
    assert why(bad) == "scene.tif: is empty: choose another"
    assert why(bug) == "Stopped by an internal error: ZeroDivisionError: oh"
    surface(bad)
    with pytest.raises(ZeroDivisionError):
        surface(bug)

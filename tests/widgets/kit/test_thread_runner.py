"""The runner of the window: results on the main thread, ends at the next step."""

import threading

import pytest

from napari_uhrnet.session.runner import Job
from napari_uhrnet.widgets.kit.thread_runner import ThreadRunner


class Recorder:
    """A job of ``count`` steps that each wait for ``gate``."""

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self.count, self.error = count, error
        self.gate = threading.Semaphore(0)
        self.results: list[int] = []
        self.ends: list[BaseException | None] = []
        self.threads: set[str] = set()
        self.worker = ""
        self.closed_early = False

    def job(self) -> Job:
        return Job(self.steps, self.on_result, self.on_end)

    def steps(self):
        self.worker = threading.current_thread().name
        try:
            for k in range(self.count):
                self.gate.acquire(timeout=10)
                yield k
        except GeneratorExit:
            self.closed_early = True
            raise
        if self.error:
            raise self.error

    def on_result(self, value):
        self.results.append(value)
        self.threads.add(threading.current_thread().name)

    def on_end(self, error):
        self.ends.append(error)
        self.threads.add(threading.current_thread().name)


@pytest.fixture
def runner(qtbot):
    runner = ThreadRunner()
    yield runner
    runner.close(lambda: None)


def test_results_arrive_in_order_on_the_main_thread(runner, qtbot):
    work = Recorder(3)
    runner.start(work.job())
    work.gate.release(3)
    qtbot.waitUntil(lambda: work.ends == [None], timeout=30_000)
    assert work.results == [0, 1, 2]
    assert work.threads == {"MainThread"}
    assert work.worker.startswith("uhrnet")


def test_a_new_job_ends_the_old_one_at_its_next_step(runner, qtbot):
    old, new = Recorder(100), Recorder(1)
    runner.start(old.job())
    old.gate.release()
    qtbot.waitUntil(lambda: old.results == [0], timeout=30_000)
    runner.start(new.job())
    old.gate.release()
    new.gate.release()
    qtbot.waitUntil(lambda: new.ends == [None], timeout=30_000)
    assert old.closed_early and old.ends == [None]
    assert len(old.results) <= 2


def test_a_job_that_waits_is_dropped_but_ends(runner, qtbot):
    first, second = Recorder(100), Recorder(1)
    runner.start(first.job())
    runner.start(second.job())
    runner.stop()
    first.gate.release()
    qtbot.waitUntil(lambda: second.ends == [None], timeout=30_000)
    assert second.results == [] and second.worker == ""


def test_errors_come_to_the_end(runner, qtbot):
    error = ZeroDivisionError("no")
    work = Recorder(0, error)
    runner.start(work.job())
    qtbot.waitUntil(lambda: work.ends == [error], timeout=30_000)


def test_close_delivers_nothing_and_does_the_last_thing_in_the_worker(qtbot):
    runner, work, last = ThreadRunner(), Recorder(100), threading.Event()
    runner.start(work.job())
    qtbot.waitUntil(lambda: work.worker != "", timeout=30_000)
    runner.close(last.set)
    work.gate.release()
    assert last.wait(10)
    qtbot.wait(50)
    assert work.closed_early
    assert work.results == [] and work.ends == []

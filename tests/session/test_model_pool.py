"""Networks are loaded once, shared, and let go when nobody uses them."""

import gc
import threading
import weakref
from types import SimpleNamespace

import pytest

from napari_uhrnet.errors import UserError
from napari_uhrnet.session.model_pool import ModelPool


class Model:
    """Something that a weak reference can point to."""


class User:
    """A tool."""


class Engine:
    def __init__(self):
        self.loads, self.sha256, self.alive = [], "1", []

    def read_card(self, name):
        if name == "missing":
            raise UserError("missing: there is no such file")
        return SimpleNamespace(sha256=self.sha256)

    def load_model(self, name, device):
        gc.collect()
        self.loads.append((name, device, sum(ref() is not None for ref in self.alive)))
        model = Model()
        self.alive.append(weakref.ref(model))
        return model


def test_tools_share_a_network_on_the_same_device():
    engine, a, b = Engine(), User(), User()
    pool = ModelPool(engine)
    assert pool.get("light", "cpu", a) is pool.get("light", "cpu", b)
    assert pool.get("light", "cuda", b) is not pool.get("light", "cpu", a)
    assert [load[:2] for load in engine.loads] == [("light", "cpu"), ("light", "cuda")]


def test_a_tool_that_takes_another_network_lets_the_first_go_before():
    engine, tool = Engine(), User()
    pool = ModelPool(engine)
    pool.get("light", "cpu", tool)
    pool.get("large", "cpu", tool)
    assert [held for _, _, held in engine.loads] == [0, 0]
    pool.get("light", "cpu", tool)
    assert len(engine.loads) == 3


def test_a_network_lives_as_long_as_a_tool_that_uses_it():
    engine, tool = Engine(), User()
    pool = ModelPool(engine)
    pool.get("light", "cpu", tool)
    gc.collect()
    assert engine.alive[0]() is not None
    del tool
    gc.collect()
    assert engine.alive[0]() is None
    held = pool.get("light", "cpu")
    assert pool.get("light", "cpu") is held


def test_a_checkpoint_written_anew_is_another_network():
    engine, tool = Engine(), User()
    pool = ModelPool(engine)
    before = pool.get("light", "cpu", tool)
    engine.sha256 = "2"
    assert pool.get("light", "cpu", tool) is not before


def test_a_checkpoint_that_is_missing_is_a_sentence():
    with pytest.raises(UserError, match="missing"):
        ModelPool(Engine()).get("missing", "cpu")


def test_threads_that_ask_at_once_load_once():
    engine, found = Engine(), []
    pool, ready = ModelPool(engine), threading.Barrier(8)

    def ask():
        ready.wait()
        found.append(pool.get("light", "cpu"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(engine.loads) == 1 and len(set(map(id, found))) == 1

"""The byte-limited cache."""

from napari_uhrnet.engine.passes.lru import ByteLRU


def test_the_least_recently_used_goes_first():
    cache = ByteLRU(10, len)
    cache.put("a", "12345")
    cache.put("b", "123")
    assert cache.get("a") == "12345"
    cache.put("c", "1234")
    assert "b" not in cache and "a" in cache and "c" in cache
    assert cache.bytes == 9


def test_the_newest_stays_even_alone_and_replacing_counts_once():
    cache = ByteLRU(4, len)
    cache.put("a", "123456")
    assert cache.get("a") == "123456" and len(cache) == 1
    cache.put("a", "12")
    assert cache.bytes == 2
    cache.drop("a")
    cache.drop("a")
    assert cache.bytes == 0 and cache.get("a") is None

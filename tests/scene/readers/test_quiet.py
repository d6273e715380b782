from __future__ import annotations

import logging
import threading
import warnings

from napari_uhrnet.scene.readers.quiet import quiet, without_logs


def test_only_this_threads_records_and_only_inside_are_dropped(caplog):
    talker = logging.getLogger("tifffile")
    with without_logs():
        talker.error("mine")
        other = threading.Thread(target=lambda: talker.error("theirs"))
        other.start()
        other.join()
    talker.error("after")
    assert caplog.messages == ["theirs", "after"]


def test_opening_gives_no_warnings(recwarn):
    with quiet():
        warnings.warn("inside", stacklevel=1)
    warnings.warn("after", stacklevel=1)
    assert [str(w.message) for w in recwarn] == ["after"]

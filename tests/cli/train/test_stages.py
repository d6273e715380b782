"""Steps on the command line: none given is the default, zero is a number that is refused."""

import pytest

from napari_uhrnet.cli.train.command import _stages
from napari_uhrnet.errors import UserError
from napari_uhrnet.training.run.config import TrainConfig
from napari_uhrnet.training.run.config_file import new_config


@pytest.mark.parametrize(("text", "steps"), [(None, 0), (None, -1), ("local:0", None), ("", 5)])
def test_what_cannot_be_trained_is_refused(text, steps):
    with pytest.raises(UserError, match="stages"):
        new_config(TrainConfig, {"made": 1, "stages": _stages(text, steps)})


def test_what_is_not_given_is_the_default():
    stages = new_config(TrainConfig, {"made": 1, "stages": _stages(None, None)}).stages
    assert [(stage.name, stage.steps) for stage in stages] == [("joint", 2000)]

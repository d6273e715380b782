"""Sessions with a fake engine."""

import pytest

from tests.session.fake_engine import Session, make_session


@pytest.fixture
def session() -> Session:
    """Everything runs at once."""
    return make_session(stepwise=False)


@pytest.fixture
def slow() -> Session:
    """Everything waits for ``runner.step()``."""
    return make_session(stepwise=True)

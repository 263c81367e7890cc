"""Reports that go through Redis."""

import pytest

from tests.factories.sinks import empty_queue


@pytest.fixture
def buffered(settings):
    settings.STUDY_SINK = "buffered"
    empty_queue()
    yield
    empty_queue()

"""Every test of this app has a video root of its own."""

import pytest

from tests.factories.media import MemberFactory


@pytest.fixture(autouse=True)
def video_root(settings, tmp_path):
    """Files of one test never meet those of another."""
    settings.VIDEO_ROOT = tmp_path / "videos"
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return settings.VIDEO_ROOT


@pytest.fixture
def instructor(db):
    """Somebody who may do everything with videos."""
    return MemberFactory(is_superuser=True, is_staff=True)


@pytest.fixture
def member(db):
    """Somebody without any right in the admin."""
    return MemberFactory()

"""`manage.py check` says what would fail later: no room, no folder, one Redis database for two."""

import pytest
from django.core.management import CommandError, call_command

from school.core import checks

pytestmark = pytest.mark.pure
SERVER = "redis://127.0.0.1:6379"


def ids(found) -> list[str]:
    return [message.id for message in found]


# -- the data directory ---------------------------------------------------------------------------


def test_a_machine_with_room_has_nothing_to_say(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert checks.data_directory(None) == []


def test_a_disk_that_is_nearly_full_is_said_with_what_is_left(
    settings, tmp_path, monkeypatch, capsys
):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(checks, "LOW_DISK_BYTES", 1 << 62)
    [warning] = checks.data_directory(None)
    assert warning.id == "core.W001"
    assert "MB，上传和转码可能失败" in warning.msg and "DATA_DIR" in warning.hint
    call_command("check")
    assert "上传和转码可能失败" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["gone", "file"])
def test_a_data_directory_that_cannot_be_written_is_an_error(settings, tmp_path, place):
    (tmp_path / "file").touch()
    settings.DATA_DIR = tmp_path / place
    [error] = checks.data_directory(None)
    assert (error.id, str(settings.DATA_DIR) in error.msg) == ("core.E001", True)
    with pytest.raises(CommandError, match="core.E001"):
        call_command("check")


# -- the databases of Redis -----------------------------------------------------------------------


@pytest.fixture
def redis(settings):
    """Where cache, broker and evidence go, as the environment would say."""

    def put(cache: str, broker: str, study: str, sink: str = "buffered"):
        settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": cache}}
        settings.CELERY_BROKER_URL, settings.STUDY_REDIS_URL = broker, study
        settings.STUDY_SINK = sink
        return checks.redis_databases(None)

    return put


@pytest.mark.parametrize(
    ("cache", "broker", "study", "named"),
    [
        (f"{SERVER}/2", f"{SERVER}/1", f"{SERVER}/2", ("REDIS_URL", "STUDY_REDIS_URL")),
        (f"{SERVER}/1", f"{SERVER}/1", f"{SERVER}/2", ("REDIS_URL", "CELERY_BROKER_URL")),
        (SERVER, f"{SERVER}/2", f"{SERVER}/2", ("CELERY_BROKER_URL", "STUDY_REDIS_URL")),
        ("redis://localhost", f"{SERVER}/1", f"{SERVER}/0", ("REDIS_URL", "STUDY_REDIS_URL")),
        (
            "redis://:secret@cache.example/3",
            f"{SERVER}/1",
            "rediss://school:other@cache.example:6379?db=3",
            ("REDIS_URL", "STUDY_REDIS_URL"),
        ),
        (
            "unix:///run/redis.sock?db=1",
            "redis+socket:///run/redis.sock?virtual_host=1",
            f"{SERVER}/1",
            ("REDIS_URL", "CELERY_BROKER_URL"),
        ),
    ],
)
def test_two_that_share_a_database_of_redis_are_refused(redis, cache, broker, study, named):
    [error] = redis(cache, broker, study)
    assert error.id == "core.E003"
    assert all(name in error.msg for name in named)
    assert "secret" not in error.msg and "other" not in error.msg


@pytest.mark.parametrize(
    ("cache", "broker", "study", "sink"),
    [
        (f"{SERVER}/0", f"{SERVER}/1", f"{SERVER}/2", "buffered"),
        (f"{SERVER}/2", f"{SERVER}/1", f"{SERVER}/2", "direct"),
        (f"{SERVER}/2", "redis://127.0.0.1:6380/2", "redis://other/2", "buffered"),
        ("core_cache", "filesystem://", "", "direct"),
    ],
)
def test_databases_of_their_own_are_fine(redis, cache, broker, study, sink):
    assert redis(cache, broker, study, sink) == []


def test_all_three_in_one_database_are_three_errors(redis):
    assert ids(redis(SERVER, SERVER, SERVER)) == ["core.E003"] * 3

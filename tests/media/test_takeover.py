"""An encoding that another worker has taken over stops, and leaves the other's work alone."""

import pytest

from media import pipeline, storage
from media.probe import probe
from media.rules.ladder import settings_hash
from tests.factories.media import clip

RUNGS = (360,)
NAME = f"1-{settings_hash(RUNGS)}"


class Lost(Exception):
    """As a lease raises it that is no longer held."""


def produce(tell) -> pipeline.Package:
    film = clip()
    source = probe(film).source
    return pipeline.produce(film, source, revision_id=1, name=NAME, rungs=RUNGS, tell=tell)


def test_whoever_lost_the_job_leaves_the_work_of_the_next_alone(video_root):
    taken = []

    def tell(share, step):
        taken.append(storage.new_work(1))
        raise Lost

    with pytest.raises(Lost):
        produce(tell)
    assert list(storage.folder("work").iterdir()) == taken


@pytest.mark.parametrize("share", [0.93, 0.98, 0.99])
def test_every_step_after_the_encoding_tells_and_can_be_stopped(video_root, share):
    def tell(done, step):
        if done >= share:
            raise Lost

    with pytest.raises(Lost):
        produce(tell)
    assert not storage.package(NAME).exists()
    assert list(storage.folder("work").iterdir()) == []

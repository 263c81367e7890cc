"""`make test-services` really runs on PostgreSQL, Redis and Elasticsearch."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from school.core import clock


@pytest.mark.django_db
def test_the_database_is_postgresql_and_its_clock_is_the_authority():
    assert connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told = cursor.fetchone()[0]
    assert abs((clock.authority() - told).total_seconds()) < 5


def test_the_cache_is_redis_and_shared():
    assert "redis" in settings.CACHES["default"]["BACKEND"].lower()
    cache.set("services-test", {"学时": 100}, 30)
    assert cache.get("services-test") == {"学时": 100}
    cache.delete("services-test")


def test_a_message_sent_to_redis_is_received_once():
    from kombu import Connection

    assert settings.CELERY_BROKER_URL.startswith("redis://")
    with Connection(settings.CELERY_BROKER_URL) as broker:
        box = broker.SimpleQueue("services-test")
        box.put({"job": 7})
        message = box.get(timeout=60)
        message.ack()
        assert message.payload == {"job": 7}
        with pytest.raises(box.Empty):
            box.get(block=False)
        box.close()


def test_learner_search_is_elasticsearch_and_answers():
    from elasticsearch import Elasticsearch

    assert settings.SEARCH_ENGINE == "elasticsearch"
    with Elasticsearch(settings.ELASTICSEARCH_URL) as client:
        assert client.cluster.health()["status"] in {"green", "yellow"}

"""Search: learner search on Tantivy or Elasticsearch, the admin's on the database."""

from school.settings import env

ELASTICSEARCH_URL = env.text("ELASTICSEARCH_URL")
SEARCH_ENGINE = "elasticsearch" if ELASTICSEARCH_URL else "tantivy"
SEARCH_INDEX_DIR = env.data_dir() / "search"
ELASTICSEARCH_PREFIX = env.text("ELASTICSEARCH_PREFIX")
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "search.wagtail_backend"}}

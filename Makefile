# The commands of the school. `make help` lists them.

PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
export VENV
# Behind the system's own programs: what set-up puts there instead of Debian's (ffmpeg).
export PATH := $(PATH):$(abspath $(VENV))/bin
# A message written in Chinese must not end a command on a machine without a UTF-8 locale.
export PYTHONUTF8 := 1

# Tests run in two processes; one of them takes all that drive a browser.
IN_TWO := -n 2 --dist loadscope

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests port demo test test-browser screens services services-stop test-services \
	test-deep check bench lock messages clean

help: ## List the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything the school needs (done by the others when lacking)
	@$(PYTHON) -m deploy.bootstrap

setup-tests:
	@$(PYTHON) -m deploy.bootstrap --tests

port:
	@$(PYTHON) -m deploy.port

demo: port setup ## Open the demo school on PORT (8000), in the foreground; Ctrl-C stops it
	@exec $(PY) -m deploy.run

test: setup-tests ## Unit, integration, architecture and browser tests; PYTEST="-k word" narrows
	@$(PY) -m pytest $(IN_TWO) -m "not services" $(PYTEST)

test-browser: setup-tests ## Only the browser tests
	@$(PY) -m pytest tests/browser $(PYTEST)

screens: setup-tests ## The pictures of docs/screens, taken in the whole demo school
	@BROWSER_SEED= $(PY) -m pytest tests/browser/screens.py $(PYTEST)

services: setup ## Start PostgreSQL, Redis and Elasticsearch with their data under DATA_DIR
	@$(PY) -m deploy.services start

services-stop: ## Stop what `make services` started
	@$(PY) -m deploy.services stop

test-services: setup-tests ## The tests that touch database, broker, search or browser, on real servers
	@$(PY) -m deploy.services run -- $(PY) -m pytest $(IN_TWO) -m "not pure" $(PYTEST)

test-deep: setup-tests ## Property tests with many examples
	@HYPOTHESIS_PROFILE=deep $(PY) -m pytest -m "not services and not browser" $(PYTEST)

check: setup ## Lint, types, import contract, migrations, deployment check, docs
	@$(PY) -m deploy.check

bench: setup ## Figures as JSON lines; ONLY=study measures one group
	@$(PY) -m deploy.services run --if-possible -- $(PY) -m benchmarks $(ONLY)

lock: setup ## Compile requirements.txt from pyproject.toml again (needs uv)
	uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header -q -o requirements.txt

messages: setup ## Collect the strings for translation (needs gettext)
	$(PY) manage.py makemessages -l en -i build -i node_modules -i .venv
	$(PY) manage.py compilemessages -l en

clean: ## Remove what set-up and tests made; the school's data stays
	rm -rf build node_modules $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis \
		.import_linter_cache test-results

"""Fixtures of the browser tests: a school started as `make demo` starts it, and visitors.

One school is seeded for the whole run (and kept between runs while the code that seeds it is the
same). Each screen width gets a copy, served by `deploy.run`; tests share it, each with accounts
and content of its own, so their order does not matter.
"""

import os

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.school import Running, copy_of_template, seeded_template
from tests.browser.visitors import Client, Visitors, launch_options

WIDTHS = {390: 844, 1440: 900}


@pytest.fixture(scope="session")
def playwright() -> Playwright:
    # Playwright keeps an event loop in this thread; Django would refuse the ORM to later tests.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser(playwright) -> Browser:
    browser = playwright.chromium.launch(**launch_options())
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def template():
    """The stopped, fully seeded school that modules copy."""
    return seeded_template()


@pytest.fixture(scope="session", params=list(WIDTHS), ids=[f"{w}px" for w in WIDTHS])
def width(request) -> int:
    """Screen width in CSS pixels: a phone's and a desk's."""
    return request.param


@pytest.fixture(scope="session")
def school(template, width, tmp_path_factory) -> Running:
    """The running school of this width: ``address``, ``data_dir``, ``manage``, ``facts``."""
    with copy_of_template(template, tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture(scope="session")
def plain_school(template, tmp_path_factory) -> Running:
    """A running school for tests that need its programs and no screen."""
    with copy_of_template(template, tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture
def client(playwright, plain_school):
    """Makes people without a browser: ``client()`` speaks HTTP to the plain school."""
    opened = []

    def new() -> Client:
        opened.append(Client(playwright.request.new_context(base_url=plain_school.address)))
        return opened[-1]

    yield new
    for each in opened:
        each.http.dispose()


@pytest.fixture
def visitors(browser, school, width, request) -> Visitors:
    """Opens browsers: ``visitors.new()`` is a fresh person; all are watched for errors."""
    opened = Visitors(browser, school, width, WIDTHS[width])
    yield opened
    opened.close()
    opened.verify()


@pytest.fixture
def page(visitors):
    """One fresh visitor's page."""
    return visitors.new()

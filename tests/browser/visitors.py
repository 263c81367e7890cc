"""Visitors of the school: real Chromium pages that are watched while they are used."""

import os
import re
import shutil
from dataclasses import dataclass, field

from playwright.sync_api import (
    APIRequestContext,
    APIResponse,
    Browser,
    BrowserContext,
    Locator,
    Page,
    expect,
)

from tests.browser.school import Running

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
# How long anything on a page may take before it counts as missing. Not a judgement of speed: a
# machine with other work must not turn right pages red.
WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)


def follow(link: Locator) -> None:
    """Click what leads to another page; returns when that page is there as a whole.

    A plain click returns while the old page still stands. That is enough before ``expect``, which
    waits, and too early before anything that only looks (``all``, ``count``, ``url``).
    """
    with link.page.expect_navigation():
        link.click()


def launch_options() -> dict:
    """Options for Playwright: the system's Chromium if there is one, else its own."""
    from deploy.bootstrap import find_chromium

    options: dict = {"args": ARGUMENTS, "headless": True}
    path = os.environ.get("CHROMIUM_BIN") or find_chromium()
    if path and shutil.which(path):
        options["executable_path"] = path
    return options


class Client:
    """A person without a browser: requests with the cookies and the CSRF token of the site."""

    def __init__(self, http: APIRequestContext) -> None:
        self.http = http

    def sign_in(self, account: str, secret: str) -> APIResponse:
        """Post the sign-in form; returns what the site answers."""
        return self.post("/sign-in/", form={"account": account, "secret": secret})

    def post(self, path: str, **options) -> APIResponse:
        """POST with the token of the site's own cookie; redirects are followed."""
        headers = {"X-CSRFToken": self._token(), **options.pop("headers", {})}
        return self.http.post(path, headers=headers, **options)

    def _token(self) -> str:
        jar = self.http.storage_state()["cookies"]
        if found := [each["value"] for each in jar if each["name"] == "csrftoken"]:
            return found[0]
        self.http.get("/sign-in/")
        return self._token()


@dataclass
class Watch:
    """What went wrong on a visitor's pages, and what the test expects to."""

    problems: list[str] = field(default_factory=list)
    expected: list[re.Pattern] = field(default_factory=list)

    def note(self, kind: str, text: str) -> None:
        self.problems.append(f"{kind}: {text}")

    def unexpected(self) -> list[str]:
        return [p for p in self.problems if not any(e.search(p) for e in self.expected)]


class Visitors:
    """Opens browser contexts (each a person on a device) and fails the test on any error."""

    def __init__(self, browser: Browser, school: Running, width: int, height: int) -> None:
        self.browser, self.school = browser, school
        self.width, self.height = width, height
        self.watch = Watch()
        self.contexts: list[BrowserContext] = []

    def new(self, **options) -> Page:
        """A page of a new person, with no cookies."""
        phone = self.width < 640
        context = self.browser.new_context(
            base_url=self.school.address,
            viewport={"width": self.width, "height": self.height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=phone,
            is_mobile=phone,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(WAIT_MS)
        self.contexts.append(context)
        # Violations reach the console too, but not always with the address that was blocked.
        context.on("console", self._console)
        context.on("weberror", lambda e: self.watch.note("page error", str(e.error)))
        context.on("requestfailed", self._failed)
        context.on("response", self._response)
        return context.new_page()

    def expect(self, pattern: str) -> None:
        """Allow problems matching a regular expression, such as ``r"404 .*/reports/"``."""
        self.watch.expected.append(re.compile(pattern))

    def sign_in(self, page: Page, login: str, password: str) -> Page:
        """Sign in through the form, with a password that is already set."""
        page.goto("/sign-in/")
        page.locator("input[name=account]").first.fill(login)
        page.locator("input[name=secret]").first.fill(password)
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    def _console(self, message) -> None:
        if message.type != "error":
            return
        # A refused request is reported with its status by _response.
        if message.text.startswith("Failed to load resource"):
            return
        self.watch.note("console", f"{message.text} ({message.location.get('url', '')})")

    def _failed(self, request) -> None:
        # Leaving a page aborts what it was loading.
        if request.failure != "net::ERR_ABORTED":
            self.watch.note("request", f"{request.failure} {request.url}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.watch.note("response", f"{response.status} {response.url}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def verify(self) -> None:
        """Fail when a page reported something the test did not expect."""
        found = self.watch.unexpected()
        assert not found, "the browser reported:\n" + "\n".join(found)

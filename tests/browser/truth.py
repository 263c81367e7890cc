"""What a <video> really played, measured in the page, apart from all that the school runs."""

import time
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.school import Running
from tests.browser.studying import SETTLE_MS, record

OFF_BY_MS = 1_000  # in a minute of study; what most tests play is less

# Every frame: how far the film moved in how much real time while it played in front. A millisecond
# of film counts once; the real time it took when it was first seen is the time studied.
MEASURE = """
(before_that) => {
  const seen = new Set(before_that.seen);
  const truth = window.truth = { ...before_that, seen };
  let before = null;
  const look = () => {
    requestAnimationFrame(look);
    const video = document.querySelector('video');
    const front = document.visibilityState === 'visible';
    const now = video && !video.paused && !video.seeking && front
      ? { media: video.currentTime * 1000, wall: performance.now() } : null;
    if (before && now) {
      const film = now.media - before.media;
      const real = now.wall - before.wall;
      if (film > 0 && film < real * 2.5 + 100) {
        let fresh = 0, all = 0;
        for (let ms = Math.floor(before.media); ms < Math.floor(now.media); ms++) {
          all += 1;
          if (!seen.has(ms)) { seen.add(ms); fresh += 1; }
        }
        truth.played += real;
        truth.studied += all ? real * fresh / all : 0;
      }
    }
    before = now;
  };
  look();
}
"""


NOTHING = {"studied": 0, "played": 0, "seen": []}


@dataclass(frozen=True)
class Truth:
    """Milliseconds: ``studied`` real time over film not seen before, ``covered`` film seen,
    ``played`` all real time in which the film moved in front of somebody."""

    studied: float
    covered: int
    played: float


def measure(page: Page, before: dict | None = None) -> None:
    """Begin to measure on this page, before anything plays; ``before``: what ``kept`` gave."""
    page.evaluate(MEASURE, before or NOTHING)


def kept(page: Page) -> dict:
    """What was measured, to go on with after a reload."""
    return page.evaluate("({ ...truth, seen: [...truth.seen] })")


def measured(page: Page) -> Truth:
    """What has been measured so far."""
    found = page.evaluate(
        "({ studied: truth.studied, played: truth.played, covered: truth.seen.size })"
    )
    return Truth(**found)


def agrees(
    page: Page, school: Running, who: str, slug: str, truth: Truth, off_by: float = OFF_BY_MS
) -> None:
    """Wait until all that was played has come in, and compare it with what was credited.

    Raises:
        AssertionError: the record differs by more than ``off_by`` ms, one way or the other.
    """
    deadline = time.monotonic() + SETTLE_MS / 1000
    while True:
        found = record(school, who, slug)
        off = max(abs(found.studied_ms - truth.studied), abs(found.covered - truth.covered))
        if off < off_by:
            return
        assert time.monotonic() < deadline, (found, truth)
        page.wait_for_timeout(300)

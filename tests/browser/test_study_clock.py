"""The page's clock may stand still, the calendar's may be set: no study moves or is lost by it."""

import pytest

from school.demo.accounts import PASSWORD
from tests.browser.studying import VIDEO, play, play_until, player_ready
from tests.browser.truth import OFF_BY_MS, agrees, measure, measured

SLEEPER = "10001"
SLUG = "extinguisher"
ASKING_MS = 3_000  # so long a page that woke counts nothing while it asks for a new visit

# Both clocks run as ever until a test moves one of them.
CLOCKS = """(() => {
  const own = performance.now.bind(performance), calendar = Date.now.bind(Date);
  window.clocks = { slept: 0, set: 0 };
  performance.now = () => own() - clocks.slept;
  Date.now = () => calendar() + clocks.set;
})()"""

# What a page sees of a sleep, without the wait: its own clock is behind the calendar's by so much.
SLEEP = "clocks.slept += 7000"


def opened(page) -> list[str]:
    """The visits that the page opens from now on."""
    sids: list[str] = []

    def look(response):
        if response.url.endswith("/study/open/") and response.ok:
            sids.append(response.json()["sid"])

    page.on("response", look)
    return sids


def watching(visitors, school, who):
    """A page of a member who has not seen the film, five seconds into it."""
    school.python(f"""
from school.members.models import Member
member = Member.objects.get(staff_number="{who}")
member.set_password("{PASSWORD}")
member.save()
""")
    page = visitors.sign_in(visitors.new(), who, PASSWORD)
    page.add_init_script(CLOCKS)
    sids = opened(page)
    page.goto(f"/safety/{SLUG}/")
    player_ready(page)
    measure(page)
    play(page)
    play_until(page, 5)
    return page, sids


def test_study_after_a_sleep_is_told_for_its_own_moment(visitors, school):
    """Told by the clock that stood still it would lie on seconds that are spent already."""
    page, sids = watching(visitors, school, SLEEPER)
    page.evaluate(f"{VIDEO}.pause()")
    page.evaluate(SLEEP)
    page.evaluate(f"{VIDEO}.play()")
    play_until(page, 11)
    page.evaluate(f"{VIDEO}.pause()")
    agrees(page, school, SLEEPER, SLUG, measured(page), OFF_BY_MS + ASKING_MS)
    assert len(set(sids)) == 2


@pytest.mark.parametrize(("who", "hours"), [("10002", 1), ("10004", -1)])
def test_a_calendar_clock_that_is_set_costs_nothing(visitors, school, who, hours):
    page, sids = watching(visitors, school, who)
    page.evaluate(f"clocks.set += {hours * 3_600_000}")
    play_until(page, 9)
    page.evaluate(f"{VIDEO}.pause()")
    agrees(page, school, who, SLUG, measured(page))
    assert len(set(sids)) == (2 if hours > 0 else 1)

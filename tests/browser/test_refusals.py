"""What a running school does with people and programs that mean it no good."""

import re
import time

import pytest

from school.demo.accounts import PASSWORD

SLUG = "writing-minutes"


def sentence(answer) -> str:
    """The refusal on the sign-in page."""
    found = re.search(r'class="[^"]*error[^"]*"[^>]*>(.*?)</(?:ul|div|p)>', answer.text(), re.S)
    assert found, answer.text()[:3000]
    return re.sub(r"<.*?>|\s", "", found[1])


def test_a_wrong_password_reads_like_an_unknown_account_and_tries_are_slowed(client):
    known = client().sign_in("D0007", "falsch-Falsch-1")
    unknown = client().sign_in("X9999", "falsch-Falsch-1")
    assert known.status == unknown.status
    assert 400 <= known.status < 500
    assert sentence(known) == sentence(unknown)
    assert "账号或密码不对" in sentence(known)

    guesser = client()
    answers = [guesser.sign_in("D0006", f"falsch-Falsch-{n}").status for n in range(4)]
    assert answers[-1] == 429
    # Even the right one has to wait now, and then it opens.
    assert guesser.sign_in("D0006", PASSWORD).status == 429
    deadline = time.monotonic() + 20
    while (status := guesser.sign_in("D0006", PASSWORD).status) == 429:
        assert time.monotonic() < deadline
        time.sleep(1)
    assert status == 200


def text_item(school) -> tuple[int, int]:
    """(item, length) of an article."""
    return school.facts(
        "from school.demo.activity import item\n"
        f"what = item('{SLUG}')\n"
        "found = [what.pk, what.current.axis_length]"
    )


def evidence(school, staff_number: str) -> list[int]:
    """What this member has of the article: covered, studied ms, completions, ledger rows."""
    return school.facts(f"""
from school.demo.activity import item
from school.study.models import Completion, Coverage, HourEntry
what, mine = item("{SLUG}"), {{"member__staff_number": "{staff_number}"}}
seen = Coverage.objects.filter(revision=what.current, **mine).first()
found = [
    seen.covered if seen else 0,
    seen.studied_ms if seen else 0,
    Completion.objects.filter(item=what, **mine).count(),
    HourEntry.objects.filter(item=what, **mine).count(),
]
""")


@pytest.fixture
def opened(client, plain_school):
    """An auditor with the article open: (client, token, length of the text)."""
    who = client()
    assert who.sign_in("D0008", PASSWORD).status == 200
    item, length = text_item(plain_school)
    answer = who.post("/study/open/", data={"item": item})
    assert answer.status == 200, answer.text()
    return who, answer.json()["token"], length


def report(who, token, seq, segments):
    body = {"token": token, "seq": seq, "segments": segments}
    return who.post("/study/report/", data=body)


def test_a_report_without_a_token_of_ours_is_refused(client, plain_school, opened):
    who, token, length = opened
    whole = [[0, length, 0, 60_000, 100, 1]]
    before = evidence(plain_school, "D0008")
    for forged in (None, "", "x.y.z", token[:-2] + "AA", 7, [token]):
        assert report(who, forged, 1, whole).status == 403, forged
    assert evidence(plain_school, "D0008") == before


def test_a_report_with_another_members_token_is_refused(client, plain_school, opened):
    _who, token, length = opened
    other = client()
    other.sign_in("D0003", PASSWORD)
    before = [evidence(plain_school, each) for each in ("D0003", "D0008")]
    assert report(other, token, 1, [[0, length, 0, 60_000, 100, 1]]).status == 403
    assert [evidence(plain_school, each) for each in ("D0003", "D0008")] == before


def test_made_up_time_earns_no_more_than_has_passed(plain_school, opened):
    who, token, length = opened
    began = time.monotonic()
    before = evidence(plain_school, "D0008")
    hour = 3_600_000
    claims = [[0, length, 0, hour, 100, 1], [0, length, hour, 2 * hour, 100, 1]]
    answer = report(who, token, 1, claims)
    passed_ms = (time.monotonic() - began + 5) * 1000
    assert answer.status == 200
    covered, studied, completions, entries = evidence(plain_school, "D0008")
    assert studied - before[1] <= passed_ms
    assert covered < length // 2
    assert (completions, entries) == (0, 0)


def test_a_replayed_report_changes_nothing(plain_school, opened):
    who, token, length = opened
    time.sleep(1.5)
    segment = [[length // 2, length, 0, 1_000, 100, 1]]
    assert report(who, token, 1, segment).status == 200
    once = evidence(plain_school, "D0008")
    time.sleep(1.5)
    for _again in range(3):
        assert report(who, token, 1, segment).status == 200
    # Under a new number it claims the same real time, which is spent.
    assert report(who, token, 2, segment).status == 200
    assert evidence(plain_school, "D0008") == once


def test_what_is_no_report_is_refused(plain_school, opened):
    who, token, _length = opened
    before = evidence(plain_school, "D0008")
    for segments in ("all", [[1, 2]], [[0, -1, 0, 1, 100, 1]], [[0, 1.5, 0, 1, 100, 1]]):
        assert report(who, token, 1, segments).status == 400, segments
    assert report(who, token, 0, []).status == 400
    assert who.post("/study/report/", data=b"{").status == 400
    assert who.post("/study/report/", data=b"[" * 70_000).status == 413
    assert evidence(plain_school, "D0008") == before


@pytest.mark.parametrize(
    "path",
    ["/tasks/", "/me/", "/me/hours/", "/me/mistakes/", "/branch/", "/plans/"],
)
def test_a_guest_is_asked_to_sign_in(client, path):
    answer = client().http.get(path)
    assert "/sign-in/" in answer.url

"""Bodies no browser of ours sends are refused with a word, never with a 500."""

import json
import logging

import pytest

from tests.factories import members as make
from tests.factories.study import Page, make_lesson, moment

pytestmark = pytest.mark.django_db

DEEP = "[" * 30_000
ABSURD = [
    "",
    "null",
    "NaN",
    "[]",
    '"x"',
    "{",
    DEEP,
    '{"token": ' + DEEP,
    '{"token": null, "seq": 1, "segments": []}',
    '{"token": "\\ud800", "seq": 1, "segments": []}',
    '{"token": {"a": 1}, "seq": 1, "segments": []}',
    "\x00\xff",
    '{"token": "' + "a" * 400 + '"}',
]


@pytest.mark.parametrize("body", ABSURD, ids=range(len(ABSURD)))
@pytest.mark.parametrize("address", ["/study/report/", "/study/open/"])
def test_an_absurd_body_is_a_4xx(client, address, body):
    client.force_login(make.member(make.branch()))
    response = client.post(address, body, content_type="application/json")
    assert 400 <= response.status_code < 500
    assert response.json()["error"]


@pytest.mark.parametrize(
    "segments",
    [
        None,
        {},
        "x",
        [[]],
        [[0, 1000, 0, 1000, 100]],
        [[0, 1000, 0, 1000, 100, 2]],
        [[0.5, 1000, 0, 1000, 100, 1]],
        [[-1, 1000, 0, 1000, 100, 1]],
        [[0, 2**32, 0, 1000, 100, 1]],
        [[0, 10**400, 0, 1000, 100, 1]],
        [[float("nan"), 1000, 0, 1000, 100, 1]],
        [[float("inf"), 1000, 0, 1000, 100, 1]],
        [[True, 1000, 0, 1000, 100, 1]],
        [["0", "1000", 0, 1000, 100, 1]],
        [[[0], 1000, 0, 1000, 100, 1]],
        [[0, 1000, 0, 1000, 100, [1]]],
        [[0, 1, 0, 1, 100, 1]] * 401,
    ],
    ids=range(17),
)
@pytest.mark.parametrize("seq", [1])
def test_absurd_segments_are_refused_and_leave_nothing(client, segments, seq):
    from school.study.models import Report, WallDay

    page = Page(make.member(make.branch()), make_lesson(), moment("2026-03-02 20:00"))
    body = json.dumps({"token": page.opened.token, "seq": seq, "segments": segments})
    response = client.post("/study/report/", body, content_type="application/json")
    assert response.status_code == 400
    assert not Report.objects.exists() and not WallDay.objects.exists()


@pytest.mark.parametrize("seq", [None, 0, -1, 1.0, "1", True, 2**31, 10**30, [1]])
def test_absurd_numbers_of_a_report_are_refused(client, seq):
    page = Page(make.member(make.branch()), make_lesson(), moment("2026-03-02 20:00"))
    body = json.dumps({"token": page.opened.token, "seq": seq, "segments": []})
    response = client.post("/study/report/", body, content_type="application/json")
    assert response.status_code == 400


def test_a_report_of_a_megabyte_is_refused_whatever_it_says_of_its_length(client):
    big = json.dumps({"token": "x" * 1_000_000})
    for extra in ({}, {"CONTENT_LENGTH": "12"}, {"CONTENT_LENGTH": ""}):
        response = client.post("/study/report/", big, content_type="application/json", **extra)
        assert 400 <= response.status_code < 500


@pytest.mark.parametrize("body", [DEEP[:8000], "[]", "1", '{"csp-report": []}', "{", "null"])
def test_a_hostile_csp_report_is_refused(client, body):
    response = client.post("/csp-report/", body, content_type="application/csp-report")
    assert response.status_code == 400


def test_a_csp_report_cannot_forge_a_line_of_the_log(client, caplog):
    body = {"csp-report": {"violated-directive": "x\n2026 ERROR forged", "blocked-uri": "y\r\nz"}}
    with caplog.at_level(logging.WARNING):
        client.post("/csp-report/", json.dumps(body), content_type="application/csp-report")
    assert caplog.messages and not any("\n" in text or "\r" in text for text in caplog.messages)


def test_row_names_that_are_no_numbers_are_passed_over(client):
    """``²`` is a digit to Python and no number."""
    from datetime import timedelta

    from school.core import clock
    from school.gatherings.models import Gathering
    from school.gatherings.services import open_gathering

    home = make.branch()
    secretary = make.officer(home)
    end = clock.now() - timedelta(hours=1)
    gathering = open_gathering(
        branch=home,
        kind=Gathering.Kind.LECTURE,
        title="党课",
        items=[],
        starts_at=end - timedelta(hours=1),
        ends_at=end,
        by=secretary,
    )
    client.force_login(secretary)
    address = f"/branch/gatherings/{gathering.pk}/close/"
    form = {"state-²": "present", "state-" + "9" * 900: "present", "state-": "present"}
    assert client.post(address, form).status_code == 302


def test_states_of_videos_pass_over_what_is_no_number(client):
    root = make.member(make.branch())
    root.is_superuser = True
    root.save()
    client.force_login(root)
    response = client.get("/admin/videos/states/", {"id": ["²", "9" * 40, "1"]})
    assert response.status_code == 200

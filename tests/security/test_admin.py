"""Our own views inside the admin: one row for each address, who opens it; all others are refused.

Who has no part in the admin is led away from it. Who has one but not here is told no, and what
belongs to a foreign branch does not exist: 404, whatever the method and whether a page or JSON is
asked for.
"""

import re

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from school.core import clock
from school.core.models import AuditEntry, Job
from school.members.models import RoleGrant
from school.members.services.grants import grant_role
from tests.factories import courses as pages
from tests.factories import members as make
from tests.factories import quizzes as quiz_rows
from tests.factories.targets import make_set
from tests.security.test_permissions import (
    AUDITOR,
    EVERYBODY,
    GUEST,
    INSTRUCTOR,
    MEMBER,
    OTHER,
    OWN,
    PARENT,
    REVIEWER,
    SECURITY,
    SYSTEM,
    _patterns,
    world,  # noqa: F401
)

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role

OUTSIDERS = (GUEST, MEMBER, OWN, OTHER)
# One who may do everything a role of the house allows on the things below, each for its part.
OWN_EDITOR, SCHOOL = "own instructor", "school admin"
PEOPLE = (*EVERYBODY, OWN_EDITOR, SCHOOL)

NOBODY: set[str] = set()
AUTHORS = {INSTRUCTOR, REVIEWER, PARENT, OWN_EDITOR, SCHOOL}
OWNERS = {PARENT, OWN_EDITOR, SCHOOL}
UPLOADERS = {INSTRUCTOR, OWN_EDITOR, SCHOOL}
KEEPERS = {OWN_EDITOR, SCHOOL}

ANYBODY = set(PEOPLE) - set(OUTSIDERS)

_CHOOSER = {"choose": ANYBODY, "choose_results": ANYBODY, "chosen_multiple": ANYBODY}
_LISTED = ("index", "index_results", "add")
_ONE = ("edit", "delete", "history", "history_results", "usage")


def _rows(*groups: tuple[tuple[str, ...], set[str]]) -> dict[str, set[str]]:
    return {name: who for names, who in groups for name in names}


# Namespace → {address: who opens it}. Lists open for all who work there and show what is theirs.
AREAS: dict[str, dict[str, set[str]]] = {
    # school.core
    "audit": _rows((("index", "inspect", "export"), {AUDITOR})),
    "jobs": _rows(
        (("index", "index_results", "inspect", "retry", "cancel", "edit"), {SYSTEM}),
        (("history", "history_results", "usage"), {SYSTEM}),
        (("add", "delete"), NOBODY),
    ),
    # school.members
    "roles": _rows(
        (("index", "detail"), {PARENT, AUDITOR, SECURITY}),
        (("add",), {PARENT, SECURITY}),
    ),
    "people": _rows((("index", "detail"), {PARENT, SCHOOL, SYSTEM}), (("act",), {PARENT, SCHOOL})),
    "branches": _rows(
        (("index",), {PARENT, AUDITOR, SCHOOL, SYSTEM}),
        (("detail", "level"), {PARENT, AUDITOR, SCHOOL, SYSTEM}),
        (("operate",), {PARENT, SYSTEM}),
        (("found_top",), NOBODY),
    ),
    # school.study
    "hour_entries": _rows(
        (("index", "index_results", "inspect"), {AUDITOR, SCHOOL}),
        (("correct",), {SCHOOL}),
        (("add", "edit", "delete", "history", "history_results", "usage"), NOBODY),
    ),
    # rules and years hold for the whole school
    "hour_rules": _rows(
        (("index", "index_results", "inspect"), {AUDITOR, SCHOOL}),
        (("add", "edit", "delete", "history", "history_results", "usage"), NOBODY),
        (("effect", "recredit", "trial", "run", "cancel"), NOBODY),
    ),
    "hour_years": _rows((("index",), {AUDITOR, SCHOOL}), (("close",), NOBODY)),
    "late_arrivals": _rows((("index", "decide"), {AUDITOR, SCHOOL})),
    # school.plans: requirements hold for the whole school
    "target_sets": _rows(
        (("index", "detail"), {AUDITOR}),
        (("add", "copy", "edit", "publish", "discard", "revise", "withdraw"), NOBODY),
    ),
    # search: terms hold for the whole school
    "search_terms": _rows(((*_LISTED, *_ONE, "copy"), NOBODY)),
    # media
    "videos": _rows(
        (("index", "add"), UPLOADERS),
        (("states",), ANYBODY),
        (("detail", "replace", "retry", "delete", "captions", "remove_captions"), KEEPERS),
    ),
    "video_chooser": _CHOOSER | {"chosen": KEEPERS},
    # quizzes
    "question_banks": _rows(
        ((*_LISTED, "template"), AUTHORS), ((*_ONE, "import", "export"), OWNERS)
    ),
    "questions": _rows(
        (_LISTED, AUTHORS), (("edit", "history", "history_results", "usage"), OWNERS)
    ),
    "papers": _rows((_LISTED, AUTHORS), (_ONE, OWNERS)),
    "sittings": _rows((_LISTED, AUTHORS), (_ONE, OWNERS)),
    "question_chooser": _CHOOSER | {"chosen": OWNERS},
    "questionbank_chooser": _CHOOSER | {"chosen": OWNERS},
    "paper_chooser": _CHOOSER | {"chosen": OWNERS},
}
# Their things belong to a branch: for all others they do not exist.
OF_A_BRANCH = {
    *("roles", "people", "branches", "hour_entries", "videos", "video_chooser"),
    *("question_banks", "questions", "papers", "sittings"),
    *("question_chooser", "questionbank_chooser", "paper_chooser"),
}


@pytest.fixture
def desk(world):  # noqa: F811
    """The world with an editor and a school administrator of the own branch; its things by area."""
    people, things = world
    first = people[OWN].memberships.get().branch
    section = pages.section(first)
    people[OWN_EDITOR], people[SCHOOL] = make.member(first), make.member(first)
    grant_role(member=people[OWN_EDITOR], role=Role.INSTRUCTOR, section=section)
    grant_role(member=people[SCHOOL], role=Role.SCHOOL_ADMIN, branch=first)
    return people, _things(first, section, people)


def _things(first, section, people) -> dict:
    from courses.services.access import collection_of
    from media.models import Video
    from quizzes.models import Sitting
    from school.study.models import HourEntry, HourRule, LateArrival
    from search.models import GlossaryTerm
    from tests.factories.study import make_rule

    now = clock.now()
    bank = quiz_rows.make_bank(first)
    question = quiz_rows.make_question(bank)
    paper = quiz_rows.make_paper(question, branch=first)
    video = Video.objects.create(
        title="本支部的视频",
        uploaded_by=people[OWN_EDITOR],
        collection=collection_of(section),
        created_at=now,
    )
    make_rule()
    entry = HourEntry.objects.create(
        member=people[MEMBER],
        title="x",
        seconds=60,
        credit=1,
        source="manual",
        studied_on=clock.today(),
        recorded_at=now,
        counts_for_year=clock.today().year,
        origin="x:1",
    )
    return {
        "question_banks": bank.pk,
        "questions": question.pk,
        "papers": paper.pk,
        "sittings": Sitting.objects.create(paper=paper, title="x", opens_at=now).pk,
        "question_chooser": question.pk,
        "questionbank_chooser": bank.pk,
        "paper_chooser": paper.pk,
        "videos": video.pk,
        "video_chooser": video.pk,
        "roles": people[OWN].grants.get().pk,
        "branches": first.pk,
        "people": people[MEMBER].pk,
        "people:act": first.pk,
        "jobs": Job.objects.create(kind="x", title="x", state=Job.State.FAILED, created_at=now).pk,
        "audit": AuditEntry.objects.first().pk,
        "hour_entries": entry.pk,
        "hour_rules": HourRule.objects.first().pk,
        "hour_years": clock.today().year,
        "late_arrivals": LateArrival.objects.create(
            entry=entry, year=clock.today().year, award=1, arrived_at=now
        ).pk,
        "target_sets": make_set(people[SCHOOL], publish=False).pk,
        "search_terms": GlossaryTerm.objects.create(term="党课").pk,
    }


def _addresses() -> dict[str, str]:
    """Name → route of our own views in the admin: their namespaces are not Wagtail's."""
    return {
        name: route
        for route, name, _view in _patterns(get_resolver())
        if route.startswith("admin/") and ":" in name and not name.startswith("wagtail")
    }


def test_every_address_of_ours_in_the_admin_is_in_the_table():
    listed = {f"{space}:{name}" for space, rows in AREAS.items() for name in rows}
    assert set(_addresses()) == listed


FIXED = {"caption_id": 0, "name": "create"}
HOME = "/admin/"


def _address(name: str, route: str, things: dict) -> str:
    keys = re.findall(r"<\w+:(\w+)>", route)
    thing = things.get(name, things.get(name.split(":")[0]))
    return reverse(name, kwargs={key: FIXED.get(key, thing) for key in keys})


def _said(response) -> str | int:
    """away: out of the admin; home: to its first page with a word; else the status."""
    if response.status_code in (301, 302):
        if response.url.startswith(("/sign-in/?next=/admin/", "/admin/login/")):
            return "away"
        return "home" if response.url == HOME else "done"
    return response.status_code


REFUSED = {403, 404, 405, "home"}  # 405: the method is refused before anything else
ABSENT = {404, 405}


def _foreign(space: str, who: str) -> bool:
    """Whether one works in an area, but the thing of the table there is a foreign branch's."""
    routes = {
        name.partition(":")[2]: route
        for name, route in _addresses().items()
        if name.startswith(f"{space}:")
    }
    rows = AREAS[space]
    works = any(who in rows[action] for action, route in routes.items() if "<" not in route)
    sees = any(who in rows[action] for action, route in routes.items() if "<" in route)
    return space in OF_A_BRANCH and works and not sees


def _fine(how: str, who: str, said: str | int, opens: bool, foreign: bool) -> bool:
    if opens:
        return how != "get" or said in (200, 405, 409, "done")
    if who in OUTSIDERS:
        return said in ("away", 403)
    return said in (ABSENT if foreign else REFUSED)


METHODS = {
    "get": {},
    "post": {},
    "json": {"headers": {"accept": "application/json", "x-requested-with": "XMLHttpRequest"}},
}


@pytest.mark.parametrize("who", PEOPLE)
def test_each_address_of_ours_in_the_admin_opens_for_those_in_the_table(desk, who):
    people, things = desk
    client = Client()
    if people[who]:
        client.force_login(people[who])
    wrong = []
    for name, route in _addresses().items():
        space, _colon, action = name.partition(":")
        opens = who in AREAS[space][action]
        foreign = "<" in route and _foreign(space, who)
        for how, more in METHODS.items():
            if opens and how != "get":
                continue  # what they do is tested where they live; here it would change the world
            send = client.get if how == "get" else client.post
            said = _said(send(_address(name, route, things), **more))
            if not _fine(how, who, said, opens, foreign):
                wrong.append((name, how, said))
    assert not wrong


def test_who_opens_a_thing_really_sees_it(desk):
    """The table's 404 and 405 for those who may would hide a page that never opens."""
    people, things = desk
    posts = {"jobs:retry", "jobs:cancel", "videos:retry", "videos:captions"}
    posts |= {"videos:remove_captions", "audit:export", "people:act"}  # by POST only
    used = {"papers:delete", "question_banks:delete"}  # refused with a word: in use
    for name, route in _addresses().items():
        space, _colon, action = name.partition(":")
        for who in AREAS[space][action] if "<" in route else ():
            client = Client()
            client.force_login(people[who])
            status = client.get(_address(name, route, things), follow=True).status_code
            assert status == (405 if name in posts else 409 if name in used else 200), (name, who)

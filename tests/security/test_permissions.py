"""Who gets what: one table of (address, method) × who asks; an address missing here fails.

Ours answer 404 for a foreign branch. The admin only refuses (403, 404 or away to the sign-in or
the admin's own home).
"""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from school.core import clock
from school.gatherings.models import Gathering
from school.gatherings.services import open_gathering
from school.members.models import Branch, RoleGrant
from school.members.services.grants import grant_role
from school.plans.services.exemptions import ask_exemption
from school.reports.models import Filing
from school.study.models import Anomaly, LateStudy, StudySession
from school.study.services.disputes import open_dispute
from tests.factories import members as make
from tests.factories import plans as plan_rows
from tests.factories import quizzes as quiz_rows
from tests.factories.courses import section
from tests.factories.study import make_lesson

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role

OURS = ("school.", "media.", "quizzes.", "courses.", "search.")
GUEST, MEMBER, OWN, OTHER, PARENT = "guest", "member", "own", "other", "parent"
INSTRUCTOR, REVIEWER, AUDITOR, SYSTEM = "instructor", "reviewer", "auditor", "system"
SECURITY = "security"
EVERYBODY = (
    *(GUEST, MEMBER, OWN, OTHER, PARENT),
    *(INSTRUCTOR, REVIEWER, AUDITOR, SYSTEM, SECURITY),
)

# Answers. IN: sent to the sign-in page. Numbers: the status. (200 and 302 are both "done".)
IN, DONE, NO, ABSENT, BAD, CLASH = "sign in", "done", 403, 404, 400, 409


def everybody(answer, **others):
    """The same answer for all but those named."""
    return dict.fromkeys(EVERYBODY, answer) | others


def signed_in(answer, **others):
    """Guests go to the sign-in page."""
    return everybody(answer, guest=IN) | others


def board(own, **others):
    """A page of the own branch: its secretary and those above; for all others it is absent."""
    return signed_in(ABSENT, own=own, parent=own) | others


PUBLIC = everybody(DONE)
LOOK = board(DONE, auditor=DONE)
ACT = board(DONE, auditor=NO)
ANY_BOARD = board(DONE, other=DONE, auditor=DONE)
ANY_WRITER = board(DONE, other=DONE)
PLAN = board(DONE)

# (address name, method) → who gets what. Rows that change something come after those that look.
TABLE = {
    ("core:health", "get"): PUBLIC,
    ("core:csp_report", "post"): everybody(BAD),
    ("core:letter_size", "post"): PUBLIC,
    ("core:language", "post"): PUBLIC,
    ("members:sign_in", "get"): PUBLIC,
    ("members:sign_out", "post"): PUBLIC,
    ("members:first_run", "get"): signed_in(DONE),
    ("members:profile", "get"): signed_in(DONE),
    ("members:code", "get"): LOOK | {SYSTEM: DONE},
    ("members:code_issue", "post"): ACT | {SYSTEM: DONE},
    # The door: second step, own security, codes for a branch, the guard.
    ("members:second_sign_in", "get"): signed_in(DONE),
    ("members:second_sign_in_options", "post"): everybody(NO),
    ("members:branch_codes", "get"): board(DONE, system=DONE),
    ("members:branch_codes", "post"): board(BAD, system=BAD),
    ("members:codes_to_look_at", "get"): signed_in(
        ABSENT, parent=DONE, auditor=DONE, security=DONE
    ),
    ("members:guarded", "get"): signed_in(ABSENT, security=DONE),
    ("members:end_all_sessions", "post"): signed_in(ABSENT, security=DONE),
    ("members:reset_second_step", "post"): signed_in(ABSENT, security=DONE),
    ("members:security", "get"): signed_in(DONE),
    ("members:prove", "get"): signed_in(DONE),
    ("members:password", "get"): signed_in(DONE),
    ("members:end_session", "post"): signed_in(ABSENT),
    ("members:end_other_sessions", "post"): signed_in(DONE),
    ("members:second_step", "get"): signed_in(DONE),
    ("members:add_app", "get"): signed_in(DONE),
    ("members:add_passkey", "get"): signed_in(DONE),
    ("members:passkey_options", "post"): signed_in(DONE),
    ("members:recovery_codes", "post"): signed_in(DONE),
    ("members:remove_authenticator", "post"): signed_in(DONE),
    # branches: the picker asks which reach; without one there is nothing
    ("members:branches", "get"): signed_in(ABSENT),
    # roles: own ones, and who may act for a branch
    ("members:own_roles", "get"): signed_in(DONE),
    ("members:branch_roles", "get"): LOOK,
    ("study:open", "post"): signed_in(BAD),
    ("study:report", "post"): everybody(BAD),
    ("study:me", "get"): signed_in(DONE),
    ("study:hours", "get"): signed_in(DONE),
    # 学时申诉: one's own; those of a branch.
    ("study:disputes", "get"): signed_in(DONE),
    ("study:dispute_new", "get"): signed_in(DONE),
    ("study:dispute", "get"): signed_in(ABSENT, member=DONE),
    ("study:cases", "get"): LOOK,
    ("study:dispute_case", "get"): LOOK,
    ("study:dispute_verify", "post"): board(BAD, auditor=NO),
    ("study:dispute_decide", "post"): board(NO, auditor=NO),
    ("study:dispute_withdraw", "post"): signed_in(ABSENT, member=DONE),
    # 待核实: who acts for the branch looks, the office judges.
    ("study:anomalies", "get"): LOOK,
    ("study:anomaly", "get"): LOOK,
    ("study:anomaly_judge", "post"): board(NO, auditor=NO),
    # 逾期上传: who writes for the branch decides, an auditor looks.
    ("study:late_cases", "get"): LOOK,
    ("study:late_case", "get"): LOOK,
    ("study:late_decide", "post"): board(BAD, auditor=NO),
    ("study:hours_sheet", "get"): signed_in(DONE),
    ("plans:tasks", "get"): signed_in(DONE),
    ("plans:exemptions", "get"): ANY_BOARD,
    ("plans:exemption", "get"): LOOK,
    ("plans:exemption_withdraw", "post"): ACT,
    ("plans:member_exemptions", "get"): PLAN,
    ("plans:list", "get"): ANY_WRITER,
    ("plans:new", "get"): ANY_WRITER,
    ("plans:detail", "get"): PLAN,
    ("plans:edit", "get"): PLAN,
    ("plans:exempt", "get"): PLAN,
    ("plans:withdraw_item", "post"): PLAN,
    ("plans:publish", "post"): board(CLASH),
    ("plans:end", "post"): PLAN,
    ("gatherings:index", "get"): ANY_BOARD,
    ("gatherings:new", "get"): ANY_BOARD,
    ("gatherings:detail", "get"): LOOK,
    ("gatherings:sheet", "get"): LOOK,
    ("gatherings:make_ups", "get"): LOOK,
    ("gatherings:template", "get"): ACT,
    ("gatherings:read_in", "get"): ACT,
    ("gatherings:code", "get"): ACT | {OWN: CLASH, PARENT: CLASH},
    ("gatherings:file_add", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("gatherings:file", "get"): signed_in(ABSENT),
    ("gatherings:file_remove", "post"): board(ABSENT, auditor=NO),
    ("gatherings:guest", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("gatherings:guest_gone", "post"): board(ABSENT, auditor=NO),
    ("gatherings:names", "post"): ACT,
    ("gatherings:end", "post"): ACT | {OWN: BAD, PARENT: BAD},
    # answered only while it waits
    ("gatherings:correct", "get"): ACT | {OWN: CLASH, PARENT: CLASH},
    ("gatherings:confirm_own", "post"): ACT | {OWN: CLASH, PARENT: CLASH},
    ("gatherings:decline_own", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("gatherings:approve", "post"): ACT | {OWN: CLASH, PARENT: CLASH},
    ("gatherings:send_back", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("gatherings:own", "get"): signed_in(DONE),
    # for who is expected: the home members of the branch
    ("gatherings:check_in", "get"): signed_in(ABSENT, member=DONE, own=DONE),
    ("gatherings:leave", "post"): signed_in(ABSENT, member=BAD, own=BAD),
    ("gatherings:close", "post"): ACT,
    ("gatherings:cancel", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("notices:inbox", "get"): signed_in(DONE),
    ("notices:read_all", "post"): signed_in(DONE),
    ("media:file", "get"): everybody(NO),
    ("media:captions", "get"): everybody(NO),
    ("media:picture", "get"): everybody(ABSENT),
    ("media:uploads", "post"): everybody(NO, instructor=BAD),
    ("media:upload", "head"): everybody(ABSENT, guest=NO),
    ("search:page", "get"): PUBLIC,
    ("search:suggest", "get"): PUBLIC,
    ("courses:catalogue", "get"): signed_in(DONE),
    ("quizzes:start", "get"): signed_in(DONE),
    ("quizzes:attempt", "get"): signed_in(ABSENT, member=DONE),
    ("quizzes:question", "get"): signed_in(ABSENT, member=DONE),
    ("quizzes:submit", "get"): signed_in(ABSENT, member=DONE),
    ("quizzes:submit", "post"): signed_in(ABSENT, member=DONE),
    ("quizzes:result", "get"): signed_in(ABSENT, member=DONE),
    ("quizzes:gate", "get"): signed_in(DONE),
    ("quizzes:gate", "post"): signed_in(BAD),
    ("quizzes:mistakes", "get"): signed_in(DONE),
    ("quizzes:redo", "get"): signed_in(ABSENT, member=DONE),
    ("quizzes:clear", "post"): signed_in(ABSENT, member=DONE),
    ("reports:home", "get"): ANY_BOARD,
    ("reports:board", "get"): LOOK,
    ("reports:export", "get"): LOOK,
    ("reports:remind", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("reports:member", "get"): LOOK,
    ("reports:filing", "get"): LOOK,
    ("reports:file", "post"): ACT,
    ("reports:return", "post"): board(NO, parent=BAD, auditor=NO),
    ("reports:confirm", "post"): board(NO, parent=DONE, auditor=NO),
    # people: the list, records, transfers, corrections
    ("members:people", "get"): LOOK,
    ("members:enrol", "get"): ACT,
    ("members:people_act", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("members:person", "get"): LOOK,
    ("members:person_edit", "get"): ACT,
    ("members:person_standing", "get"): ACT,
    ("members:person_post", "get"): ACT,
    ("members:person_attach", "get"): ACT,
    ("members:transfer_send", "get"): ACT,
    ("members:post_end", "get"): ACT,
    ("members:attach_end", "get"): ACT,
    ("members:transfers", "get"): LOOK,
    ("members:transfer", "get"): LOOK | {OTHER: DONE},
    ("members:transfer_letter", "get"): ACT | {OTHER: NO},
    ("members:transfer_receive", "post"): board(NO, other=BAD, parent=BAD, auditor=NO),
    ("members:transfer_return", "post"): board(NO, other=CLASH, parent=CLASH, auditor=NO),
    ("members:transfer_withdraw", "post"): board(DONE, other=NO, auditor=NO),
    ("members:corrections", "get"): ACT,
    ("members:correction_answer", "post"): ACT | {OWN: CLASH, PARENT: CLASH},
    # rosters: acted for, not looked at; an import or export is its own person's alone
    ("members:roster", "get"): ACT,
    ("members:roster", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("members:roster_template", "get"): ACT,
    ("members:roster_import", "get"): ACT | {PARENT: ABSENT},
    ("members:roster_marked", "get"): ACT | {OWN: ABSENT, PARENT: ABSENT},
    ("members:roster_confirm", "post"): ACT | {PARENT: ABSENT},
    ("members:roster_cancel", "post"): ACT | {PARENT: ABSENT},
    ("members:roster_exports", "get"): ACT,
    ("members:roster_exports", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("members:roster_export_file", "get"): ACT | {OWN: CLASH, PARENT: ABSENT},
    ("members:roster_approvals", "get"): signed_in(ABSENT, parent=DONE),
    ("members:roster_export_answer", "post"): signed_in(ABSENT, parent=DONE),
    ("members:roster_export_withdraw", "post"): ACT | {PARENT: ABSENT},
    # privacy: full numbers, the own data (behind the password, so sent there first)
    ("members:reveal", "get"): ACT,
    ("members:reveal", "post"): ACT | {OWN: BAD, PARENT: BAD},
    ("members:own_data", "get"): signed_in(DONE),
    ("members:own_data", "post"): signed_in(DONE),
    ("members:notices", "get"): signed_in(DONE),
}


def _patterns(resolver, spaces=(), prefix=""):
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _patterns(entry, inner, route)
        elif isinstance(entry, URLPattern):
            yield route, ":".join((*spaces, entry.name or "")), entry.callback


def _module(callback) -> str:
    return getattr(callback, "view_class", callback).__module__


def _ours():
    for route, name, callback in _patterns(get_resolver()):
        if _module(callback).startswith(OURS):
            yield route, name, callback


def test_every_address_of_ours_is_in_the_table():
    """The pattern page exists in development only and shows examples."""
    own = {name for route, name, _ in _ours() if not route.startswith("admin/")}
    assert own - {"core:patterns"} == {name for name, _ in TABLE}


@pytest.fixture
def world():
    """A branch with all that its addresses name, and one person of each kind."""
    root = make.branch(kind=Branch.Kind.COMMITTEE)
    general = make.branch(root, kind=Branch.Kind.GENERAL_BRANCH)
    first, second = make.branch(general), make.branch(general)
    elsewhere = make.branch(make.branch(root, kind=Branch.Kind.GENERAL_BRANCH))
    people = {
        GUEST: None,
        MEMBER: make.member(first),
        OWN: make.officer(first),
        OTHER: make.officer(second),
        PARENT: make.officer(general, Role.COMMITTEE_ADMIN),
        INSTRUCTOR: make.officer(elsewhere, Role.INSTRUCTOR),
        REVIEWER: make.officer(elsewhere, Role.REVIEWER),
        AUDITOR: make.member(elsewhere),
        SYSTEM: make.member(elsewhere),
        SECURITY: make.member(elsewhere),
    }
    grant_role(member=people[AUDITOR], role=Role.AUDITOR, branch=root)
    grant_role(member=people[SYSTEM], role=Role.SYSTEM_ADMIN, branch=root)
    grant_role(member=people[SECURITY], role=Role.SECURITY_ADMIN, branch=root)
    section(elsewhere)
    return people, _things(first, people)


def _things(first, people) -> dict:
    today = clock.today()
    who = make.member(first)
    item = plan_rows.make_item()
    plan = plan_rows.make_plan(
        first, [item, plan_rows.make_item()], starts_on=today, ends_on=today + timedelta(days=9)
    )
    end = clock.now() - timedelta(hours=1)
    gathering = open_gathering(
        branch=first,
        kind=Gathering.Kind.LECTURE,
        title="党课",
        items=[],
        starts_at=end - timedelta(hours=1),
        ends_at=end,
        by=people[OWN],
    )
    month = f"{today:%Y-%m}"
    Filing.objects.create(
        branch=first,
        period=Filing.Period.MONTH,
        starts_on=(today.replace(day=1) - timedelta(days=1)).replace(day=1),
        state=Filing.State.FILED,
    )
    return {
        "branch_id": first.pk,
        "member_id": who.pk,
        "plan_id": plan.pk,
        "item_id": plan.items.first().pk,
        "request_id": ask_exemption(member=who, plan=plan, reason="病休", by=people[OWN]).pk,
        "pk": gathering.pk,
        "file_id": 0,
        "attendance_id": 0,
        "month": month,
        **_people(first, people),
        **_rosters(first, people),
        **_quiz(people[MEMBER]),
        "anomaly_id": Anomaly.objects.create(
            member=who, branch=first, kind="rhythm", day=today, found_at=end, evidence={"signs": {}}
        ).pk,
        "study_id": _late(first, who).pk,
        "dispute_id": open_dispute(
            member=people[MEMBER], kind="missing", studied_on=today, text="漏记"
        ).pk,
    }


def _late(first, who) -> LateStudy:
    """A visit whose evidence came too late."""
    began, now = clock.now() - timedelta(days=9), clock.now()
    session = StudySession.objects.create(
        member=who,
        revision=make_lesson(5),
        opened_at=began,
        expires_at=began + timedelta(hours=12),
        max_rate=100,
    )
    return LateStudy.objects.create(
        session=session,
        member=who,
        holder=first,
        studied_on=clock.local_day(began),
        came_at=now,
        last_at=now,
    )


def _people(first, people) -> dict:
    """A post, a second branch, a request, and a member on the way from the own to the other."""
    from school.members.models import Post
    from school.members.selectors.people import home_branch
    from school.members.services import people as services
    from school.members.services.corrections import ask_correction
    from school.members.services.transfers import send_transfer

    who, second = make.member(first), home_branch(people[OTHER])
    post = Post.objects.create(code="organiser", name="组织委员")
    common = {"member": who, "since": make.FOUNDED}
    return {
        "holding_id": services.hold_post(branch=first, post=post, **common).pk,
        "membership_id": services.attach_member(branch=second, **common).pk,
        "correction_id": ask_correction(member=who, text="照片不对").pk,
        "transfer_id": send_transfer(member=make.member(first), to=second, by=None).pk,
    }


def _rosters(first, people) -> dict:
    """A previewed import and an export with full numbers that waits, both of the own secretary."""
    from school.members.models import RosterExport, RosterImport

    common = {"branch": first, "created_by": people[OWN], "created_at": clock.now()}
    previewed = RosterImport.objects.create(
        name="花名册.xlsx", file="", state=RosterImport.State.READY, **common
    )
    waiting = RosterExport.objects.create(
        columns=["identity"], full_numbers=True, state=RosterExport.State.WAITING, **common
    )
    return {"import_id": previewed.pk, "export_id": waiting.pk}


def _quiz(member) -> dict:
    from quizzes.models import Mistake
    from quizzes.services.attempts import start_attempt, submit_attempt

    paper = quiz_rows.make_paper()
    first = start_attempt(member=member, paper=paper)
    quiz_rows.answer_all(first, right=False)
    submit_attempt(attempt_id=first.pk, member=member)
    return {
        "paper_id": paper.pk,
        "attempt_id": start_attempt(member=member, paper=paper).pk,
        "position": 1,
        "mistake_id": Mistake.objects.filter(member=member).first().pk,
        "gate_id": quiz_rows.make_gate().pk,
    }


SIGNED = {"expiry": 1, "signed": "a" * 22, "package": "1-00000000"}
FIXED = {
    "members:end_session": {"session_id": 0},
    "members:remove_authenticator": {"authenticator_id": 0},
    "media:file": SIGNED | {"name": "master.m3u8"},
    "media:captions": SIGNED | {"caption_id": 1, "version": 1},
    "media:picture": {"name": "x.png"},
    "media:upload": {"token": "x"},
}


def _arguments(name, things) -> dict:
    if name in FIXED:
        return FIXED[name]
    view = next(route for route, known, _ in _ours() if known == name)
    values = {key: value for key, value in things.items() if f":{key}>" in view}
    if name in ("reports:return", "reports:confirm"):
        first = clock.today().replace(day=1)
        values["month"] = f"{first - timedelta(days=1):%Y-%m}"
    return values


def _answer(response):
    if response.status_code in (301, 302):
        return IN if response.url.startswith("/sign-in/?next=") else DONE
    return DONE if response.status_code in (200, 204) else response.status_code


@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_gets_what_the_table_says(world, who):
    people, things = world
    wrong = []
    for (name, method), expected in TABLE.items():
        client = Client()
        if people[who]:
            client.force_login(people[who])
        address = reverse(name, kwargs=_arguments(name, things))
        got = _answer(getattr(client, method)(address))
        if got != expected[who]:
            wrong.append((name, method, f"{got}, not {expected[who]}"))
    assert not wrong


# -- methods and CSRF ---------------------------------------------------------------------------

ANY_METHOD = {"media:uploads", "media:upload"}  # tus: a test of its own (tests/media)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_no_view_takes_a_method_it_has_no_use_for(world, method):
    people, things = world
    client = Client()
    client.force_login(people[OWN])
    for name in {name for name, _ in TABLE} - ANY_METHOD:
        response = getattr(client, method)(reverse(name, kwargs=_arguments(name, things)))
        assert response.status_code == 405, name


def test_what_changes_something_is_never_done_by_get(world):
    people, things = world
    client = Client()
    client.force_login(people[PARENT])
    looks = {name for name, method in TABLE if method == "get"}
    for name in {name for name, method in TABLE if method == "post"} - looks:
        response = client.get(reverse(name, kwargs=_arguments(name, things)))
        assert response.status_code == 405, name


EXEMPT = {"study:report", "core:csp_report"}  # a token in the body; a browser's own report


def test_every_write_asks_for_the_csrf_token_but_evidence_and_browser_reports(world):
    people, things = world
    refused = set()
    for name in {name for name, _ in TABLE}:
        client = Client(enforce_csrf_checks=True)
        client.force_login(people[OWN])
        response = client.post(reverse(name, kwargs=_arguments(name, things)))
        if response.status_code != 405 and not _is_csrf_refusal(response):
            refused.add(name)
    assert refused == EXEMPT


def _is_csrf_refusal(response) -> bool:
    return response.status_code == 403 and "安全校验" in response.content.decode()


def test_only_two_views_of_the_whole_site_are_exempt_from_csrf():
    exempt = {
        name
        for _, name, callback in _patterns(get_resolver())
        # Wagtail's admin API signs in by session and lets DRF check the token.
        if getattr(callback, "csrf_exempt", False) and not name.startswith("wagtailadmin_api:")
    }
    assert exempt == EXEMPT


# -- the admin ----------------------------------------------------------------------------------


def _admin_addresses():
    """Every admin view that can be named without an argument, ours and Wagtail's."""
    for route, _name, callback in _patterns(get_resolver()):
        if route.startswith("admin/") and "<" not in route and "(" not in route:
            yield "/" + route.replace("^", "").replace("$", ""), callback


OPEN_IN_ADMIN = {"/admin/login/", "/admin/jsi18n/", "/admin/sprite/", "/admin/failwhale/"}


@pytest.mark.parametrize("who", [GUEST, MEMBER, OWN, OTHER])
def test_the_admin_refuses_who_has_no_part_in_it(world, who):
    people, _ = world
    client = Client(raise_request_exception=False)
    if people[who]:
        client.force_login(people[who])
    wrong = []
    for address, _callback in _admin_addresses():
        if address in OPEN_IN_ADMIN:
            continue
        status = client.get(address).status_code
        if status not in (301, 302, 403, 404, 405):
            wrong.append((address, status))
    assert not wrong


@pytest.mark.parametrize("who", [INSTRUCTOR, REVIEWER, AUDITOR, PARENT])
def test_nobody_reaches_the_views_of_users_groups_and_passwords(world, who):
    people, _ = world
    client = Client()
    client.force_login(people[who])
    for address in (
        "/admin/users/",
        "/admin/users/1/",
        "/admin/users/add/",
        "/admin/groups/",
        "/admin/groups/new/",
        "/admin/password_reset/",
        "/admin/bulk/members/member/delete/",
        "/admin/bulk/members/member/set_active_state/",
    ):
        assert client.get(address).status_code == 404, address
        assert client.post(address).status_code == 404, address


ADMIN_AREAS = {
    "people:index": {PARENT, SYSTEM},
    "audit:index": {AUDITOR},
    "branches:index": {PARENT, AUDITOR, SYSTEM},
    "jobs:index": {SYSTEM},
    "hour_entries:index": {AUDITOR},
    "hour_rules:index": {AUDITOR},
    "videos:index": {INSTRUCTOR},
    "videos:add": {INSTRUCTOR},
    "questions:index": {INSTRUCTOR, REVIEWER, PARENT},
    "papers:index": {INSTRUCTOR, REVIEWER, PARENT},
}


@pytest.mark.parametrize("name", ADMIN_AREAS)
def test_each_area_of_the_admin_opens_for_its_roles_only(world, name):
    people, _ = world
    opened = set()
    for who in EVERYBODY:
        client = Client()
        if people[who]:
            client.force_login(people[who])
        if client.get(reverse(name)).status_code == 200:
            opened.add(who)
    assert opened == ADMIN_AREAS[name]

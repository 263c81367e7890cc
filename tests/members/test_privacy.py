"""Full numbers: shown to few, for a reason, once, on record; and in no other place at all."""

import logging
import re
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.urls import reverse
from django.views.debug import get_exception_reporter_filter

from school.core import clock, scrub
from school.core.models import AuditEntry
from school.members.models import MemberRecord, RoleGrant
from tests.factories import members as make

pytestmark = pytest.mark.django_db
MOBILE, IDENTITY = "13912345678", "11010519491231002X"
ADDRESS = "山西省长治市屯留区余吾镇幸福里一号楼"
REASON = "核对转接介绍信"


@pytest.fixture
def people():
    committee, general, first, second = make.tree()
    who = make.member(first, mobile=MOBILE, name="欧阳明月")
    who.set_identity(IDENTITY)
    who.save()
    record = MemberRecord(member=who)
    record.set_address(ADDRESS)
    record.save()
    return {
        "who": who,
        "secretary": make.officer(first),
        "other": make.officer(second),
        "leader": make.officer(first, RoleGrant.Role.GROUP_LEADER),
        "admin": make.officer(committee, RoleGrant.Role.COMMITTEE_ADMIN),
        "auditor": make.officer(committee, RoleGrant.Role.AUDITOR),
    }


def ask(client, by, who, field="mobile", reason=REASON):
    client.force_login(by)
    return client.post(reverse("members:reveal", args=[who.pk]), {"field": field, "reason": reason})


# -- the reveal ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"), [("mobile", MOBILE), ("identity", IDENTITY), ("address", ADDRESS)]
)
def test_a_secretary_sees_one_number_for_a_reason_and_that_is_on_record(
    client, people, field, value
):
    response = ask(client, people["secretary"], people["who"], field)
    assert value in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    entry = AuditEntry.objects.get(action="members.number_revealed")
    assert entry.fields == {"fields": [field], "reason": REASON}
    assert (entry.actor_id, entry.subject_id) == (
        people["secretary"].pk,
        str(people["who"].pk),
    )
    assert entry.address and value not in str(entry.fields) + entry.subject_label


def test_it_is_shown_once_and_never_by_looking(client, people):
    ask(client, people["secretary"], people["who"])
    page = client.get(reverse("members:reveal", args=[people["who"].pk]))
    assert MOBILE not in page.content.decode() and "no-store" in page["Cache-Control"]
    person = client.get(reverse("members:person", args=[people["who"].pk])).content.decode()
    assert MOBILE not in person and "139****5678" in person
    assert reverse("members:reveal", args=[people["who"].pk]) in person


@pytest.mark.parametrize(
    ("by", "status"),
    [("secretary", 200), ("admin", 200), ("leader", 403), ("auditor", 403), ("other", 404)],
)
def test_who_may_not_write_on_the_branch_sees_nothing(client, people, by, status):
    response = ask(client, people[by], people["who"])
    assert response.status_code == status
    assert (MOBILE in response.content.decode()) is (status == 200)
    assert AuditEntry.objects.filter(action="members.number_revealed").exists() is (status == 200)


def test_who_may_only_look_finds_no_button(client, people):
    client.force_login(people["auditor"])
    page = client.get(reverse("members:person", args=[people["who"].pk])).content.decode()
    assert people["who"].name in page and "139" not in page
    assert reverse("members:reveal", args=[people["who"].pk]) not in page


@pytest.mark.parametrize("reason", ["", "看看", "  查  号 "])
def test_without_a_real_reason_nothing_is_shown(client, people, reason):
    response = ask(client, people["secretary"], people["who"], reason=reason)
    assert response.status_code == 400 and MOBILE not in response.content.decode()
    assert not AuditEntry.objects.filter(action="members.number_revealed").exists()


def test_a_field_that_is_not_registered_is_not_offered(client, people):
    assert ask(client, people["secretary"], people["who"], field="password").status_code == 400
    bare = make.member(people["who"].memberships.get().branch)
    page = ask(client, people["secretary"], bare).content.decode()
    assert "没有登记手机号" in page


def test_a_number_typed_into_the_reason_is_masked_in_the_trail(client, people):
    ask(client, people["secretary"], people["who"], reason=f"打 {MOBILE} 核对 {IDENTITY}")
    entry = AuditEntry.objects.get(action="members.number_revealed")
    assert entry.fields["reason"] == "打 139****5678 核对 110***************"


def test_only_so_many_in_an_hour(client, people, settings):
    settings.PERSONAL_REVEALS_PER_HOUR = 3
    answers = [ask(client, people["secretary"], people["who"]).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert ask(client, people["admin"], people["who"]).status_code == 200
    with clock.at(clock.now() + timedelta(minutes=61)):
        client.force_login(people["secretary"])
        assert ask(client, people["secretary"], people["who"]).status_code == 200


# -- nowhere else -------------------------------------------------------------------------------

FORBIDDEN = re.compile("|".join((MOBILE, MOBILE[3:7] + MOBILE[7:], IDENTITY, IDENTITY[6:14])))


def _use_everywhere(client, people, caplog):
    """Sign in by mobile, fail to, be revealed, look at every page of the branch and the desk."""
    caplog.set_level(logging.DEBUG)
    who, secretary = people["who"], people["secretary"]
    branch = who.memberships.get().branch
    client.post("/sign-in/", {"account": MOBILE, "secret": "wrong"})
    client.post("/sign-in/", {"account": MOBILE, "secret": make.PASSWORD})
    yield client.get("/me/profile/")
    ask(client, secretary, who, "identity")
    for name, key in (("members:people", branch.pk), ("members:person", who.pk),
                      ("members:person_edit", who.pk), ("members:code", who.pk),
                      ("reports:board", branch.pk), ("members:reveal", who.pk)):  # fmt: skip
        yield client.get(reverse(name, args=[key]))
    yield client.get("/search/", {"q": who.name})
    client.force_login(people["auditor"])
    yield client.get("/admin/audit/")
    yield client.post("/admin/audit/export/")


def test_no_page_address_log_or_trail_holds_a_number(client, people, caplog):
    for response in _use_everywhere(client, people, caplog):
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert not FORBIDDEN.search(body.decode()), response.request["PATH_INFO"]
        asked = response.request["PATH_INFO"] + response.request["QUERY_STRING"]
        assert not FORBIDDEN.search(asked)
        assert not FORBIDDEN.search(str(response.headers))
    lines = [record.getMessage() for record in caplog.records]
    assert not [line for line in lines if FORBIDDEN.search(line) and "SELECT" not in line]
    for entry in AuditEntry.objects.all():
        said = f"{entry.actor_label} {entry.subject_label} {entry.fields}"
        assert not FORBIDDEN.search(said) and people["who"].name not in said


def test_no_table_but_the_encrypted_columns_holds_a_number(client, people, caplog):
    """Every text column of every table: sessions, jobs, outbox, search, caches."""
    list(_use_everywhere(client, people, caplog))
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                name = connection.ops.quote_name(column.name)
                cursor.execute(
                    f"SELECT count(*) FROM {connection.ops.quote_name(table)}"
                    f" WHERE CAST({name} AS text) LIKE %s OR CAST({name} AS text) LIKE %s"
                    f" OR CAST({name} AS text) LIKE %s",
                    [f"%{MOBILE}%", f"%{IDENTITY}%", f"%{ADDRESS}%"],
                )
                if cursor.fetchone()[0]:
                    found.append((table, column.name))
    assert not found


# -- the last resort ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"打 {MOBILE} 吧", "打 139****5678 吧"),
        ("电话 139-1234-5678", "电话 139****5678"),
        ("110105 19491231 002X", "110***************"),
        ("+86 13912345678", "+86 139****5678"),
        (f"号 {IDENTITY}.", "号 110***************."),
        ("moment 1763872345123 id 20261123041234567", None),
        ("path /branch/people/13912345/ v1.3912345678", None),
        ("B13912345678", None),
        ("110105194913310021", None),  # no such month
    ],
)
def test_what_looks_like_a_number_is_masked_and_nothing_else(text, kept):
    assert scrub.scrub(text) == (text if kept is None else kept)


def test_log_lines_and_their_tracebacks_are_masked():
    formatter = scrub.ScrubbingFormatter("%(message)s")
    try:
        raise ValueError(MOBILE)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "got %s", (IDENTITY,), None)
        record.exc_info = sys.exc_info()
    line = formatter.format(record)
    assert MOBILE not in line and IDENTITY not in line and "139****5678" in line


def test_the_loggers_of_the_school_write_through_the_mask(settings):
    formatters = settings.LOGGING["formatters"]
    assert formatters["line"]["()"] == "school.core.scrub.ScrubbingFormatter"
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}


def test_error_reports_hold_neither_secrets_nor_numbers(settings):
    settings.DEBUG = False
    request = RequestFactory().post(
        "/sign-in/", {"account": MOBILE, "secret": "S3cret", "note": f"我是 {IDENTITY}"}
    )
    told = get_exception_reporter_filter(request)
    assert isinstance(told, scrub.ReporterFilter)
    shown = str(dict(told.get_post_parameters(request)))
    assert MOBILE not in shown and "S3cret" not in shown and IDENTITY not in shown
    assert "110***************" in shown


def test_a_reveal_reads_in_words_on_the_auditors_desk(client, people):
    ask(client, people["secretary"], people["who"])
    client.force_login(people["auditor"])
    page = client.get("/admin/audit/", {"action": "members.number_revealed"}).content.decode()
    assert "查看完整号码" in page and "手机号" in page and REASON in page


def test_an_auditor_goes_from_a_person_to_the_trail_and_others_see_no_way(client, people):
    address = f"/admin/audit/?subject_type=members.member&amp;subject_id={people['who'].pk}"
    for by, offered in (("auditor", True), ("secretary", False)):
        client.force_login(people[by])
        page = client.get(reverse("members:person", args=[people["who"].pk])).content.decode()
        assert (address in page) is offered

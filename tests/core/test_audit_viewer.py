"""The trail as auditors read it: in words, filtered, page by page, taken along on record."""

import ast
import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.urls import reverse

from school.core import audit, clock, jobs
from school.core.audit import names, trail
from school.core.models import AuditEntry, Job
from school.members.models import RoleGrant
from tests.architecture.layers import ROOT
from tests.factories import members as make

pytestmark = pytest.mark.django_db
APPS = ("core", "members", "study", "plans", "gatherings", "reports", "notices", "courses")
APPS += ("quizzes", "media", "search")
ACTION = re.compile(rf"({'|'.join(APPS)})\.[a-z][a-z_]+")
BEGINNING = re.compile(rf"({'|'.join(APPS)})\.[a-z_]*")
# Dotted words that are no actions: kinds of jobs are known, models too; the rest is named here.
OTHER = re.compile(r".*\.(urls|json|blocks|page|wagtail_backend|signals|tasks|models)")
PERMISSION = re.compile(r".*\.(view|add|change|delete|publish|choose)_[a-z]+")


def sources():
    for folder in ("school", "courses", "quizzes", "media", "search"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and path.name != "audit_names.py":
                yield path, ast.parse(path.read_text())


def is_action(text: str) -> bool:
    if (
        not ACTION.fullmatch(text)
        or text.endswith("_")
        or OTHER.fullmatch(text)
        or PERMISSION.fullmatch(text)
    ):
        return False
    if text in jobs.kinds():
        return False
    try:
        apps.get_model(text)
    except LookupError:
        return True
    return False


def test_every_action_the_code_records_has_a_name():
    """Also one that is only put together from a beginning and a state."""
    known, wrong = names.actions(), []
    for path, tree in sources():
        if path == ROOT / "school/core/audit/names.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if is_action(node.value) and node.value not in known:
                    wrong.append((node.value, path.relative_to(ROOT).as_posix()))
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                start = node.values[0].value
                if (
                    BEGINNING.fullmatch(start)
                    and start[-1] != "."
                    and not any(k.startswith(start) for k in known)
                ):
                    wrong.append((start, path.relative_to(ROOT).as_posix()))
    assert not wrong


def test_the_search_for_actions_finds_what_has_no_name():
    assert is_action("members.flew_away") and is_action("members.signed_in")
    assert not is_action("members.member") and not is_action("core.view_job")


def test_every_kind_of_job_has_a_name():
    assert not [k.name for k in jobs.kinds().values() if not k.title and ".test" not in k.name
                and not k.name.startswith("test.")]  # fmt: skip


def test_every_named_subject_is_a_model():
    for label in names.subjects():
        assert apps.get_model(label)


# -- words --------------------------------------------------------------------------------------


def said(fields, action="members.record_edited", subject=None):
    audit.record(action, subject=subject, fields=fields)
    entry = AuditEntry.objects.latest("pk")
    # Databases keep the names of a JSON object in orders of their own.
    return {(c.label, c.before, c.after) for c in names.changes(entry)}


def test_changes_read_before_and_after():
    person = make.member(make.branch())
    assert said({"name": ["张三", "张山"]}, subject=person) == {("姓名", "张三", "张山")}
    assert said({"from": "A", "to": "B"}, "members.branch_moved") == {("上级党组织", "A", "B")}
    both = {"changed": ["education", "mobile"], "before": {"education": "大专"},
            "after": {"education": "本科"}}  # fmt: skip
    assert said(both, subject=person) == {
        ("学历", "大专", "本科"),
        ("手机号", None, "已修改（不记录内容）"),
    }


def test_codes_and_ids_are_looked_up_for_a_whole_page_at_once(django_assert_num_queries):
    one, other = make.branch(), make.branch()
    for _ in range(3):
        audit.record("members.branch_moved", fields={"from": one.code, "to": other.code})
    entries = list(AuditEntry.objects.filter(fields__has_key="to"))
    with django_assert_num_queries(1):
        lines = trail.in_words(entries)
    change = lines[0].changes[0]
    assert change.before == f"{one.short_name}（{one.code}）" and other.short_name in change.after


def test_values_read_in_words():
    person = make.member(make.branch())
    assert said({"kind": "full", "state": "retired"}, "members.standing_changed", person) == {
        ("类别", None, "正式党员"),
        ("状态", None, "离退休"),
    }
    assert said({"role": "secretary", "on": "机电队"}, "members.role_granted", person) == {
        ("角色", None, "支部书记"),
        ("范围", None, "机电队"),
    }
    assert said({"fields": ["name", "education"]}) == {("项目", None, "姓名、学历")}
    assert said({"reason": None}) == {("原因", None, "—")}


# -- the page -----------------------------------------------------------------------------------


@pytest.fixture
def auditor(client):
    person = make.officer(make.branch(), RoleGrant.Role.AUDITOR)
    client.force_login(person)
    return person


def text_of(client, **query):
    response = client.get(reverse("audit:index"), query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_it_in_words_and_shows_no_codes(client, auditor):
    page = text_of(client)
    assert "授予角色" in page and "登记党员" in page
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    assert not re.search(rf"\b({'|'.join(APPS)})\.[a-z_]+", body)


def test_filters_narrow_by_person_action_subject_and_day(client, auditor):
    home = make.branch()
    who, other = make.officer(home), make.member(home)
    audit.record("plans.published", actor=who, label="计划甲")
    with clock.at(clock.now() - timedelta(days=40)):
        audit.record("plans.ended", actor=other, label="计划乙")
    day = clock.today()
    for query, seen, hidden in (
        ({"who": who.staff_number}, "计划甲", "计划乙"),
        ({"who": who.staff_number.lower()}, "计划甲", "计划乙"),
        ({"who": "NOBODY"}, "没有符合筛选的记录", "计划甲"),
        ({"actor": other.pk}, "计划乙", "计划甲"),
        ({"action": "plans.ended"}, "计划乙", "计划甲"),
        ({"since": day, "action": "plans.published"}, "计划甲", "计划乙"),
        ({"until": day - timedelta(days=30)}, "计划乙", "计划甲"),
        ({"since": "no day", "action": "plans.ended"}, "计划乙", "计划甲"),
        ({"subject_type": "members.branch", "subject": home.code}, home.short_name, "计划甲"),
        ({"subject_type": "members.member", "subject": other.staff_number}, "登记党员", "计划甲"),
        ({"subject_type": "members.member", "subject": "NOBODY"}, "没有符合", "计划甲"),
        ({"subject_type": "members.member", "subject_id": other.pk}, "只看：党员", "计划甲"),
    ):
        page = text_of(client, **query)
        body = page.split('<div class="nice-padding">')[1]
        assert seen in body and hidden not in body, query


def walk(wanted=None):
    """All pages down, then all up again; numbers as they were shown."""
    wanted = wanted or trail.TrailFilter()
    shown, page = [], trail.page(wanted)
    while True:
        shown.append([line.entry.pk for line in page.lines])
        if page.older is None:
            break
        page = trail.page(wanted, before=page.older)
    back = [shown[-1]]
    while page.newer is not None:
        page = trail.page(wanted, after=page.newer)
        back.append([line.entry.pk for line in page.lines])
    return shown, back


def test_pages_by_key_show_every_entry_once_in_both_directions(monkeypatch):
    monkeypatch.setattr(trail, "PAGE", 4)
    for number in range(10):
        audit.record("test.done", label=str(number))
        if number % 3 == 0:
            with clock.at(clock.now() - timedelta(days=number)):
                audit.record("test.done", label="earlier")
    rows = AuditEntry.objects.order_by("-at", "-pk")
    everything = list(rows.values_list("pk", flat=True))
    down, up = walk()
    assert sum(down, []) == everything
    assert sum(reversed(up), []) == everything


def test_a_page_costs_a_few_statements_and_never_counts(
    client, auditor, django_assert_max_num_queries
):
    with django_assert_max_num_queries(20) as seen:
        text_of(client, who=auditor.staff_number, since=clock.today(), until=clock.today())
    statements = [query["sql"] for query in seen.captured_queries]
    assert not [sql for sql in statements if "COUNT(" in sql and "core_audit" in sql]


def test_one_entry_has_its_page_and_leads_to_the_trail_of_its_subject(client, auditor):
    person = make.member(make.branch())
    entry = AuditEntry.objects.filter(action="members.enrolled").latest("pk")
    page = client.get(reverse("audit:inspect", args=[entry.pk])).content.decode()
    assert "登记党员" in page and f"subject_id={person.pk}" in page
    assert client.get(reverse("audit:inspect", args=[entry.pk + 999])).status_code == 404


@pytest.mark.parametrize("role", [RoleGrant.Role.SYSTEM_ADMIN, RoleGrant.Role.SCHOOL_ADMIN])
def test_others_of_the_desk_see_neither_list_nor_entry_nor_export(client, role):
    person = make.officer(make.branch(), role)
    client.force_login(person)
    entry = AuditEntry.objects.latest("pk")
    assert client.get(reverse("audit:index")).status_code == 302
    assert client.get(reverse("audit:inspect", args=[entry.pk])).status_code == 302
    assert client.post(reverse("audit:export")).status_code == 302
    assert "审计记录" not in client.get("/admin/").content.decode()


# -- taken along --------------------------------------------------------------------------------


def taken(client, **query):
    response = client.post(reverse("audit:export"), query)
    assert response.status_code == 200 and "no-store" in response["Cache-Control"]
    return b"".join(response.streaming_content).decode("utf-8-sig")


def test_what_is_filtered_is_taken_along_and_that_is_an_entry(client, auditor):
    audit.record("plans.published", actor=auditor, label="计划甲")
    audit.record("plans.ended", actor=auditor, label="计划乙")
    text = taken(client, action="plans.published")
    assert "计划甲" in text and "计划乙" not in text and "发布计划" in text
    assert auditor.masked_label in text.splitlines()[0]
    entry = AuditEntry.objects.filter(action="core.audit_exported").get()
    assert entry.fields == {"filter": {"action": "plans.published"}, "rows": 1}
    assert entry.actor_id == auditor.pk and entry.address


def test_an_export_is_bounded_and_no_cell_is_a_formula(client, auditor, settings):
    settings.AUDIT_EXPORT_ROWS = 3
    for number in range(5):
        audit.record("test.done", label=f"=1+{number}")
    text = taken(client, action="test.done")
    assert len(text.splitlines()) == 5 and ",'=1+4," in text and ",=1" not in text


def test_the_list_of_jobs_speaks_in_words(client):
    client.force_login(make.officer(make.branch(), RoleGrant.Role.SYSTEM_ADMIN))
    job = Job.objects.create(kind="media.transcode", title="片子", created_at=clock.now())
    listed = client.get(reverse("jobs:index")).content.decode()
    body = listed.split("<tbody>")[1].split("</tbody>")[0]
    assert "视频转码" in body and "media.transcode" not in body
    page = client.get(reverse("jobs:inspect", args=[job.pk])).content.decode()
    assert "视频转码" in page and "None" not in page.split("<dl")[-1]
    assert f"{clock.now().astimezone(clock.LOCAL):%Y-%m-%d}" in page
    narrowed = client.get(reverse("jobs:index"), {"kind": "media.transcode"}).content.decode()
    assert "片子" in narrowed

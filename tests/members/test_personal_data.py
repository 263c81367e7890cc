"""Taken along whole, erased whole: what the house holds about a person."""

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from quizzes.services.attempts import start_attempt, submit_attempt
from school.core import audit, clock
from school.core.models import AuditEntry
from school.members.backends import find_member
from school.members.models import (
    CorrectionRequest,
    Member,
    MemberRecord,
    Membership,
    MemberStanding,
    RoleGrant,
    RosterImport,
)
from school.members.personal_data import parts
from school.members.services.dossier import dossier
from school.members.services.grants import grant_role
from school.members.services.people import change_standing
from school.notices.services import tell
from school.plans.models import Exemption
from school.plans.services.counting import fold
from school.plans.services.targets import exempt
from school.reports.models import FilingRow
from school.reports.selectors.board import board
from school.reports.services.filings import file_period
from school.study.models import HourEntry
from tests.factories import audit as trail
from tests.factories import members as make
from tests.factories import quizzes as quiz
from tests.factories.plans import complete, make_branch, make_item, make_person, make_plan
from tests.factories.study import moment

pytestmark = pytest.mark.django_db
MOBILE, IDENTITY = "13912345678", "11010519491231002X"
ADDRESS = "山西省长治市屯留区余吾镇幸福里一号楼"
NAME = "欧阳明月"
NOW = "2026-04-15 12:00"


@pytest.fixture
def person():
    """Somebody about whom every app holds something, in a branch with others."""
    with clock.at(moment(NOW)):
        root = make_branch(kind="committee", name="机关党委")
        leaf = make_branch(root, name="一支部")
        who = make_person(leaf, name=NAME)
        others = [make_person(leaf, name=f"王{n}") for n in range(3)]
        who.set_mobile(MOBILE)
        who.set_identity(IDENTITY)
        make.make_ready(who)
        record = MemberRecord(member=who, native_place="山西长治")
        record.set_address(ADDRESS)
        record.save()
        asked = CorrectionRequest(member=who, text=f"{NAME}的手机号", asked_at=clock.now())
        asked.set_value(MOBILE)
        asked.save()
        items = [make_item(), make_item()]
        plan = make_plan(root, items)
        complete(who, items[0], date(2026, 3, 20))
        complete(others[0], items[1], date(2026, 3, 21))
        exempt(member=others[1], plan=plan, reason="出差在外", by=who)
        exempt(member=who, plan=make_plan(root, items), reason="住院治疗", by=others[0])
        tell(member_ids=[who.pk], title="通知", body="请参加学习", path="/")
        attempt = start_attempt(member=who, paper=quiz.make_paper())
        submit_attempt(attempt_id=attempt.pk, member=who)
        shown = {"name": NAME, "staff": who.staff_number, "changes": [["姓名", "欧阳", NAME]]}
        RosterImport.objects.create(
            branch=leaf, name="名册.xlsx", file="x", findings=[shown], created_at=clock.now()
        )
        grant_role(member=who, role=RoleGrant.Role.SECRETARY, branch=leaf)
        fold()
        file_period(branch=leaf, period="month", starts_on=date(2026, 3, 1), by=who)
        yield {"who": who, "root": root, "leaf": leaf, "plan": plan, "others": others}


# -- completeness -------------------------------------------------------------------------------

# Relations to somebody who did something to a thing: the thing is not about that person.
ACTS = ("_by", "_by_user", "approver", "sender", "owner")
# Rows of packages below ours that hold a key and a moment, or what is shown on the desk only.
TECHNICAL = {
    "wagtailusers.userprofile.user",
    "wagtailadmin.editingsession.user",
    "wagtailadmin.formstate.user",
    "wagtailcore.apitoken.user",
    "wagtailcore.modellogentry.user",
    "wagtailcore.pagelogentry.user",
    "wagtailcore.revision.user",
    "wagtailcore.comment.user",
    "wagtailcore.commentreply.user",
    "wagtailcore.pagesubscription.user",
}


def relations():
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.is_relation and field.remote_field.model is Member:
                yield f"{model._meta.label_lower}.{field.name}"


def test_every_relation_to_a_member_is_part_of_what_one_may_take_along():
    covered = {relation for part in parts() for relation in part.covers}
    missing = {
        relation
        for relation in relations()
        if relation not in covered | TECHNICAL and not relation.endswith(ACTS)
    }
    assert not missing
    assert covered <= set(relations())


# -- export -------------------------------------------------------------------------------------


def test_the_dossier_holds_the_whole_person(person):
    text = json.dumps(dossier(person["who"]), ensure_ascii=False)
    for said in (NAME, MOBILE, IDENTITY, ADDRESS, "山西长治", "一支部", "住院治疗", "请参加学习",
                 "正式党员", "支部书记", "授予角色"):  # fmt: skip
        assert said in text, said
    for hidden in ("cipher", "binding", person["who"].password, "王0"):
        assert hidden not in text


def test_the_command_writes_a_file_for_its_owner_alone(person, tmp_path, capsys):
    who = person["who"]
    path = tmp_path / "own.json"
    call_command("export_member", who.staff_number.lower(), to=path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["内容"]["account"]["记录"][0]["手机"] == MOBILE
    assert AuditEntry.objects.filter(action="members.data_exported").count() == 1
    call_command("export_member", who.staff_number, to=tmp_path / "own.zip")
    with zipfile.ZipFile(tmp_path / "own.zip") as archive:
        assert "目录.json" in archive.namelist()
    for number, to, told in (
        ("NOBODY", tmp_path / "x.json", "没有工号"),
        (who.staff_number, path, "不能写入"),
        (who.staff_number, tmp_path / "x.txt", "结尾"),
    ):
        with pytest.raises(CommandError, match=told):
            call_command("export_member", number, to=to)


def test_a_member_takes_the_own_data_after_the_password_and_not_too_often(client, settings):
    settings.PERSONAL_EXPORTS_PER_DAY = 2
    who = make.member(make.branch(), mobile=MOBILE)
    client.force_login(who)
    assert "/prove/" in client.post(reverse("members:own_data")).url
    client.post("/me/security/prove/", {"password": make.PASSWORD, "next": "/me/data/"})
    assert "下载" in client.get(reverse("members:own_data")).content.decode()
    response = client.post(reverse("members:own_data"))
    assert "no-store" in response["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        account = json.loads(archive.read("账号-account.json"))
    assert account["记录"][0]["手机"] == MOBILE
    assert client.post(reverse("members:own_data")).status_code == 200
    assert client.post(reverse("members:own_data")).status_code == 429


def test_the_own_page_leads_to_the_own_data(client):
    client.force_login(make.member(make.branch()))
    assert reverse("members:own_data") in client.get("/me/profile/").content.decode()


# -- erasure ------------------------------------------------------------------------------------


def figures(person):
    """All that boards and ledger say of the branch."""
    shown = []
    for node in (person["root"], person["leaf"]):
        seen = board(node, plan_id=person["plan"].pk, day=date(2026, 4, 15))
        rows = [(row.figures, row.light) for row in seen.children]
        rows += sorted((r.member_id, r.state, r.done, r.got, r.due) for r in seen.people)
        shown.append((seen.figures, seen.light, rows))
    hours = list(HourEntry.objects.order_by("pk").values_list("member_id", "seconds", "credit"))
    return str(shown), hours, list(FilingRow.objects.order_by("pk").values_list("figures"))


def erase(who, **options):
    call_command("erase_member", who.staff_number, reason="本人书面申请 2026-04-10", **options)


def test_erasing_takes_the_person_and_leaves_every_figure(person):
    before = figures(person)
    erase(person["who"])
    assert figures(person) == before


def test_nothing_that_names_the_person_is_left(person):
    who, number = person["who"], person["who"].staff_number
    erase(who)
    held = Member.objects.get(pk=who.pk)
    assert (held.name, held.mobile, held.identity) == ("已注销", "", "") and held.erased_at
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("core_audit"):
                continue  # the trail keeps staff number and family name; see below
            for column in connection.introspection.get_table_description(cursor, table):
                name = connection.ops.quote_name(column.name)
                cursor.execute(
                    f"SELECT count(*) FROM {connection.ops.quote_name(table)}"
                    f" WHERE CAST({name} AS text) LIKE %s OR CAST({name} AS text) = %s",
                    [f"%{NAME}%", number],
                )
                assert cursor.fetchone()[0] == 0, (table, column.name)
    assert not MemberRecord.objects.filter(member=who).exists()
    assert Exemption.objects.get(member=who).reason == "已删除"


def test_the_erased_cannot_sign_in_and_are_not_found(person, client):
    who, number = person["who"], person["who"].staff_number
    client.force_login(who)
    erase(who)
    assert client.get("/me/").status_code == 302
    assert find_member(number) is None and find_member(MOBILE) is None
    for account in (number, MOBILE):
        response = client.post("/sign-in/", {"account": account, "secret": make.PASSWORD})
        assert response.status_code in (400, 429)
    client.force_login(make.officer(person["leaf"], since=date(2026, 1, 1)))
    listed = client.get(reverse("members:people", args=[person["leaf"].pk]), {"q": NAME})
    assert NAME not in listed.content.decode().split("<main")[1].replace(f'value="{NAME}"', "")
    everyone = client.get(reverse("members:people", args=[person["leaf"].pk])).content.decode()
    assert "已注销" in everyone and number not in everyone


def test_roles_end_with_the_person_and_the_trail_stays(person, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    who, label = person["who"], person["who"].masked_label
    audit.seal_all()
    kept = AuditEntry.objects.filter(actor_id=who.pk).count()
    erase(who)
    assert not RoleGrant.objects.open().filter(member=who).exists()
    assert not who.groups.exists()
    assert AuditEntry.objects.filter(actor_id=who.pk).count() == kept
    entry = AuditEntry.objects.get(action="members.erased")
    assert entry.subject_label == label and NAME not in str(entry.fields)
    audit.seal_all()
    assert not audit.verify().problems


@pytest.mark.parametrize(("since", "until"), [(0, 9), (3, None), (3, 9)])
def test_roles_with_an_end_and_roles_to_come_end_with_the_person_too(person, since, until):
    who, today = person["who"], clock.today()
    place = make.branch()
    grant = grant_role(
        member=who,
        role=RoleGrant.Role.REVIEWER,
        branch=place,
        since=today + timedelta(days=since),
        until=until and today + timedelta(days=until),
    )
    erase(who)
    grant.refresh_from_db()
    assert grant.until == max(today, grant.since) and not grant.in_force


def test_memberships_and_standings_stay_as_they_were(person):
    who = person["who"]
    before = [list(m.objects.filter(member=who).values()) for m in (Membership, MemberStanding)]
    erase(who)
    after = [list(m.objects.filter(member=who).values()) for m in (Membership, MemberStanding)]
    assert before == after


def test_a_trial_says_what_would_go_and_changes_nothing(person, capsys):
    who = person["who"]
    last = trail.last_entry()
    call_command("erase_member", who.staff_number, dry_run=True)
    told = capsys.readouterr()
    assert "免学：1 条" in told.out and "试运行" in told.out and "应先办理减员" in told.err
    assert Member.objects.get(pk=who.pk).mobile == MOBILE
    assert MemberRecord.objects.filter(member=who).exists() and trail.last_entry() == last


def test_who_has_left_is_erased_without_a_warning(person, capsys):
    who = person["who"]
    change_standing(member=who, kind="full", state="left", on=clock.today(), reason="died")
    erase(who)
    assert "减员" not in capsys.readouterr().err


def test_erasing_asks_for_a_reason_and_happens_once(person):
    who = person["who"]
    with pytest.raises(CommandError, match="依据"):
        call_command("erase_member", who.staff_number, reason="")
    with pytest.raises(CommandError, match="没有工号"):
        call_command("erase_member", "NOBODY", reason="本人申请")
    erase(who)
    with pytest.raises(CommandError, match="已经删除"):
        erase(Member.objects.get(pk=who.pk))

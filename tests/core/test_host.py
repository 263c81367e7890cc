"""The host's settings: every version of the notice is kept, and changes stand in the trail."""

import hashlib
import importlib

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from wagtail.models import Site

from school.core import audit
from school.core.audit import trail
from school.core.host import notice_in_force
from school.core.models import AuditEntry, HostSettings, PrivacyNotice
from school.core.notice_text import PRIVACY_NOTICE
from school.members.models import Consent, RoleGrant
from school.members.services import first_run
from tests.factories import members as make

pytestmark = pytest.mark.django_db
OWN = "本校处理姓名和工号。\n用于计算学时。"


@pytest.fixture
def site():
    return Site.objects.get(is_default_site=True)


@pytest.fixture
def host(site):
    return HostSettings.for_site(site)


@pytest.fixture
def desk(client, site):
    """Sends the settings as the system administrator's browser does, with some changes."""
    person = make.officer(make.branch(), RoleGrant.Role.SYSTEM_ADMIN)
    client.force_login(person)

    def send(**changes):
        host = HostSettings.for_site(site)
        names = [f.name for f in HostSettings._meta.fields if f.editable and f.name != "id"]
        sent = {name: getattr(host, name) for name in names} | changes
        address = f"/admin/settings/core/hostsettings/{site.pk}/"
        return client.post(address, sent, REMOTE_ADDR="10.9.8.7")

    send.person = person
    return send


def say(host, text, version):
    host.privacy_notice, host.privacy_version = text, version
    host.save()


# -- the notice -----------------------------------------------------------------------------------


def test_the_text_of_an_earlier_version_can_be_shown(host):
    say(host, OWN, "2026-02")
    say(host, OWN + "\n不向外提供。", "2026-03")
    assert PrivacyNotice.objects.get(version="2026-02").text == OWN
    assert notice_in_force(host).text.endswith("不向外提供。")
    assert PrivacyNotice.objects.filter(version=host._meta.get_field("privacy_version").default)


def test_an_agreement_leads_to_the_text_that_was_agreed_to(host):
    person = make.member(make.branch())
    say(host, OWN, "2026-02")
    first_run.agree(member=person, host=host)
    say(host, "", "2026-03")
    consent = Consent.objects.get(member=person)
    notice = PrivacyNotice.objects.get(version=consent.version)
    assert (notice.text, notice.digest) == (OWN, consent.text_digest)
    assert consent.text_digest == hashlib.sha256(OWN.encode()).hexdigest()


def test_a_kept_notice_is_never_written_again(host):
    notice = notice_in_force(host)
    with pytest.raises(TypeError):
        notice.save()
    with pytest.raises(TypeError):
        notice.delete()


def test_another_text_under_a_version_that_was_shown_is_refused(host):
    say(host, OWN, "2026-02")
    with pytest.raises(ValidationError, match="2026-02"):
        say(host, OWN + "！", "2026-02")
    with pytest.raises(ValidationError):
        say(host, OWN, PrivacyNotice.objects.last().version)
    host.refresh_from_db()
    assert host.privacy_notice == OWN
    host.school_name = "职工党校"
    host.save()
    assert PrivacyNotice.objects.count() == 2


def test_the_form_says_that_a_changed_text_needs_a_new_version(desk, host):
    assert desk(privacy_notice=OWN, privacy_version="2026-02").status_code == 302
    refused = desk(privacy_notice=OWN + "！", privacy_version="2026-02")
    assert "请填写新的版本号" in refused.content.decode()
    assert "2026-02" in refused.content.decode()
    host.refresh_from_db()
    assert host.privacy_notice == OWN
    assert desk(privacy_notice=OWN + "！", privacy_version="2026-03").status_code == 302


def test_the_line_ends_of_a_browser_are_no_change_of_the_text(desk, host):
    say(host, OWN, "2026-02")
    assert desk(privacy_notice=OWN.replace("\n", "\r\n")).status_code == 302
    assert PrivacyNotice.objects.get(version="2026-02").text == OWN


def test_another_built_in_text_of_a_release_changes_no_version_that_was_shown(host, monkeypatch):
    kept = notice_in_force(host)
    monkeypatch.setattr("school.core.models.PRIVACY_NOTICE", "另一份文本")
    assert first_run.notice_text(host) == kept.text == PRIVACY_NOTICE
    host.contact = "教务组"
    host.save()
    host.privacy_version = "2027-01"
    host.save()
    assert first_run.notice_text(host) == "另一份文本"


def test_a_version_that_came_meanwhile_is_not_agreed_to_unread(client, host):
    person = make.member(make.branch())
    client.force_login(person)
    say(host, OWN, "2026-02")
    assert OWN.partition("\n")[0] in client.get("/first-run/").content.decode()
    say(host, OWN + "！", "2026-03")
    client.post("/first-run/", {"step": "notice", "version": "2026-02"})
    assert not Consent.objects.filter(member=person).exists()
    client.post("/first-run/", {"step": "notice", "version": "2026-03"})
    assert Consent.objects.get(member=person).version == "2026-03"


def test_a_member_reads_every_version_and_when_it_was_agreed_to(
    client, host, django_assert_max_num_queries
):
    person = make.member(make.branch())
    say(host, OWN, "2026-02")
    first_run.agree(member=person, host=host)
    say(host, "现在这样处理。", "2026-03")
    first_run.agree(member=person, host=host)
    client.force_login(person)
    with django_assert_max_num_queries(20):
        page = client.get("/me/notices/")
    shown = page.context["notices"]
    assert [(row.notice.version, row.in_force) for row in shown[:2]] == [
        ("2026-03", True),
        ("2026-02", False),
    ]
    assert [bool(row.agreed_at) for row in shown] == [True, True, False]
    assert "用于计算学时。" in page.content.decode()


def test_migrating_keeps_the_present_text_under_its_version(host):
    HostSettings.objects.filter(pk=host.pk).update(privacy_notice=OWN, privacy_version="2025-07")
    migration = importlib.import_module("school.core.migrations.0004_privacy_notices")
    for _ in range(2):
        migration.keep_present(apps, None)
    assert PrivacyNotice.objects.get(version="2025-07").text == OWN
    assert migration.BUILT_IN == PRIVACY_NOTICE


# -- the trail ------------------------------------------------------------------------------------


def test_a_change_of_the_settings_is_an_entry_with_who_what_and_where_from(desk, host):
    desk(school_name="职工党校", privacy_notice=OWN, privacy_version="2026-02")
    entry = AuditEntry.objects.get(action="core.settings_changed")
    assert (entry.actor_id, entry.address) == (desk.person.pk, "10.9.8.0")
    assert entry.fields["changed"] == ["school_name", "privacy_notice", "privacy_version"]
    assert entry.fields["before"]["school_name"] == "网上党校"
    assert entry.fields["after"]["school_name"] == "职工党校"
    assert OWN not in str(entry.fields)
    said = {change.label: change.after for change in trail.in_words([entry])[0].changes}
    assert said["党校名称"] == "职工党校"
    assert "不记录内容" in said["个人信息处理告知"]


def test_settings_saved_as_they_were_are_no_entry(desk, host):
    desk()
    assert not AuditEntry.objects.filter(action="core.settings_changed").exists()


def test_where_the_entry_cannot_be_written_nothing_is_changed(host, monkeypatch):
    def refuse(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("school.core.host.record", refuse)
    host.school_name = "职工党校"
    with pytest.raises(RuntimeError):
        host.save()
    assert HostSettings.objects.get(pk=host.pk).school_name == "网上党校"
    assert not audit.verify().entries

"""The machine room in the admin: seen by role, acted on by role, doors of Wagtail bricked up."""

import pytest

from school.core import jobs
from school.core.models import Job
from school.members.models import Member, RoleGrant
from tests.factories import members as make

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role


@pytest.fixture
def failed_job():
    return Job.objects.create(
        kind="test.kind", title="转码", state=Job.State.FAILED, created_at=jobs.clock.now()
    )


@pytest.mark.parametrize(
    ("role", "may_see_jobs", "may_see_trail"),
    [
        (Role.SYSTEM_ADMIN, True, False),
        (Role.SCHOOL_ADMIN, True, False),
        (Role.AUDITOR, False, True),
        (Role.SECRETARY, False, False),
    ],
)
def test_jobs_and_trail_are_seen_by_their_roles_only(client, role, may_see_jobs, may_see_trail):
    client.force_login(make.officer(make.branch(), role))
    assert (client.get("/admin/jobs/").status_code == 200) is may_see_jobs
    assert (client.get("/admin/audit/").status_code == 200) is may_see_trail


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SCHOOL_ADMIN, Role.AUDITOR])
def test_who_holds_a_role_on_a_part_sees_neither_jobs_nor_trail_nor_settings(client, role):
    client.force_login(make.officer(make.branch(make.branch()), role))
    for address in ("/admin/jobs/", "/admin/audit/", "/admin/settings/core/hostsettings/"):
        answer = client.get(address)
        assert answer.status_code in (302, 403, 404), address


def test_the_system_administrator_fills_in_the_settings(client):
    client.force_login(make.officer(make.branch(), Role.SYSTEM_ADMIN))
    assert client.get("/admin/settings/core/hostsettings/", follow=True).status_code == 200


def test_a_failed_job_is_retried_from_its_page(client, failed_job):
    client.force_login(make.officer(make.branch(), Role.SYSTEM_ADMIN))
    page = client.get(f"/admin/jobs/inspect/{failed_job.pk}/")
    assert "重试" in page.content.decode()
    client.post(f"/admin/jobs/retry/{failed_job.pk}/")
    failed_job.refresh_from_db()
    assert failed_job.state == Job.State.QUEUED


def test_who_may_not_act_changes_nothing(client, failed_job):
    client.force_login(make.officer(make.branch(), Role.AUDITOR))
    assert client.post(f"/admin/jobs/retry/{failed_job.pk}/").status_code == 403
    failed_job.refresh_from_db()
    assert failed_job.state == Job.State.FAILED


@pytest.mark.parametrize("path", ["users/", "users/1/", "groups/", "groups/new/", "login/"])
def test_users_groups_and_passwords_are_not_written_through_wagtail(client, path):
    root = Member.objects.create_superuser("ROOT", "管理员", make.PASSWORD)
    make.make_ready(root)
    client.force_login(root)
    response = client.get(f"/admin/{path}")
    assert response.status_code == 404 or response.url.startswith("/sign-in/")

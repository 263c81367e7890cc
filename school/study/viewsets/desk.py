"""What the pages of the hours share: who may, the frame of a page, the state of a job."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.permission_policies import ModelPermissionPolicy

from school.core.errors import NotAllowed, NotFound
from school.core.models import Job
from school.study.permissions import may_run_hours


class HoursPolicy(ModelPermissionPolicy):
    """Answers from role grants. Nothing here is ever changed or deleted."""

    def __init__(self, model, **allowed) -> None:
        super().__init__(model)
        self.allowed = allowed

    def user_has_permission(self, user, action) -> bool:
        check = self.allowed.get(action)
        return bool(check and user.is_authenticated and user.is_active and check(user))

    def user_has_any_permission(self, user, actions) -> bool:
        return any(self.user_has_permission(user, action) for action in actions)


def page(
    request: HttpRequest, template: str, title: str, context: dict, *above: tuple[str, str]
) -> HttpResponse:
    """One page of ours in the admin's frame.

    Args:
        above: (address, label) of the pages above it.
    """
    crumbs = [{"url": reverse("wagtailadmin_home"), "label": _("首页")}]
    crumbs += [{"url": url, "label": label} for url, label in above]
    crumbs.append({"url": "", "label": title})
    furniture = {"header_title": title, "header_icon": "time", "breadcrumbs_items": crumbs}
    return render(request, f"study/admin/{template}.html", furniture | context)


def check_runs_hours(request: HttpRequest) -> None:
    """Raises NotAllowed for who does not run the hours of the whole school."""
    if not may_run_hours(request.user):
        raise NotAllowed(_("没有管理学时规则的权限，请联系教务。"))


def job_of(kind: str, pk: int) -> Job:
    """A job of one of our kinds; raises NotFound."""
    job = Job.objects.filter(kind=kind, pk=pk).first()
    if job is None:
        raise NotFound(_("没有这次核算，请重新提交。"))
    return job

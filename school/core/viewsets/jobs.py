"""Background jobs in the admin: looked at, retried, cancelled."""

from datetime import datetime

import django_filters
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import InspectView
from wagtail.admin.viewsets.model import ModelViewSet

from school.core import clock, jobs
from school.core.errors import DomainError, NotAllowed
from school.core.models import Job
from school.core.viewsets.policies import job_policy
from school.core.wording import DASH


def _known_kinds() -> list[tuple[str, str]]:
    return sorted(((name, jobs.kind_title(name)) for name in jobs.kinds()), key=lambda k: k[1])


class JobFilterSet(WagtailFilterSet):
    """By state, queue and kind, each in words."""

    kind = django_filters.ChoiceFilter(label=_("类型"), choices=_known_kinds)

    class Meta:
        model = Job
        fields = ["state", "queue", "kind"]


class JobInspectView(InspectView):
    """One job with its buttons."""

    template_name = "core/admin/job.html"

    def get_field_display_value(self, field_name, field):
        """The kind in words, moments in local time, a dash for what is not there."""
        value = getattr(self.object, field_name)
        if value in (None, ""):
            return DASH
        if field_name == "kind":
            return jobs.kind_title(value)
        if isinstance(value, datetime):
            return f"{value.astimezone(clock.LOCAL):%Y-%m-%d %H:%M:%S}"
        return super().get_field_display_value(field_name, field)

    def get_context_data(self, **kwargs) -> dict:
        job = self.object
        return super().get_context_data(**kwargs) | {
            "job": job,
            "may_act": job_policy.user_has_permission(self.request.user, "change"),
            "may_retry": job.state in (Job.State.FAILED, Job.State.CANCELLED),
            "ahead": jobs.queue_position(job) if job.state == Job.State.QUEUED else None,
            "retry_url": reverse("jobs:retry", args=[job.pk]),
            "cancel_url": reverse("jobs:cancel", args=[job.pk]),
        }


@require_POST
def act_on_job(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Retry or cancel one job."""
    if not job_policy.user_has_permission(request.user, "change"):
        raise NotAllowed(_("没有处理后台任务的权限，请联系系统管理员。"))
    job = get_object_or_404(Job, pk=pk)
    try:
        {"retry": jobs.retry, "cancel": jobs.cancel}[action](job)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("已处理。"))
    return redirect("jobs:inspect", pk)


class JobViewSet(ModelViewSet):
    """All background jobs on one page."""

    model = Job
    name = "jobs"
    icon = "tasks"
    menu_label = _("后台任务")
    menu_order = 900
    add_to_admin_menu = True
    list_display = [
        Column("title", label=_("说明")),
        Column("kind", label=_("类型"), accessor=lambda job: jobs.kind_title(job.kind)),
        Column("get_state_display", label=_("状态")),
        Column("percent", label="%"),
        Column("step", label=_("步骤")),
        Column("reason", label=_("原因")),
        Column("attempts", label=_("次数")),
        Column("created_at", label=_("提交时间")),
    ]
    filterset_class = JobFilterSet
    search_fields = ["title", "kind"]
    list_per_page = 50
    form_fields = ["title"]
    inspect_view_enabled = True
    inspect_view_class = JobInspectView
    inspect_view_fields = [
        "title",
        "kind",
        "state",
        "step",
        "reason",
        "attempts",
        "created_at",
        "started_at",
        "finished_at",
    ]
    copy_view_enabled = False
    permission_policy = job_policy

    def get_urlpatterns(self):
        return [
            *super().get_urlpatterns(),
            path("retry/<int:pk>/", act_on_job, {"action": "retry"}, name="retry"),
            path("cancel/<int:pk>/", act_on_job, {"action": "cancel"}, name="cancel"),
        ]

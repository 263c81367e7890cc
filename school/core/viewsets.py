"""Background jobs and the audit trail in the admin: looked at; a job is retried or cancelled."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import InspectView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy

from school.core import jobs
from school.core.errors import DomainError, NotAllowed
from school.core.models import AuditEntry, Job


class LookOnlyPolicy(ModelPermissionPolicy):
    """Rows that nobody adds, edits or deletes by hand; ``change`` only opens the row's actions."""

    def user_has_permission(self, user, action) -> bool:
        return action in {"view", "change"} and super().user_has_permission(user, action)

    def user_has_any_permission(self, user, actions) -> bool:
        return any(self.user_has_permission(user, action) for action in actions)


job_policy = LookOnlyPolicy(Job)
audit_policy = LookOnlyPolicy(AuditEntry)


class JobInspectView(InspectView):
    """One job with its buttons."""

    template_name = "core/admin/job.html"

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
        Column("kind", label=_("类型")),
        Column("get_state_display", label=_("状态")),
        Column("percent", label="%"),
        Column("step", label=_("步骤")),
        Column("reason", label=_("原因")),
        Column("attempts", label=_("次数")),
        Column("created_at", label=_("提交时间")),
    ]
    list_filter = ["state", "queue", "kind"]
    search_fields = ["title", "kind"]
    list_per_page = 50
    form_fields = ["title"]
    inspect_view_enabled = True
    inspect_view_class = JobInspectView
    copy_view_enabled = False
    permission_policy = job_policy

    def get_urlpatterns(self):
        return [
            *super().get_urlpatterns(),
            path("retry/<int:pk>/", act_on_job, {"action": "retry"}, name="retry"),
            path("cancel/<int:pk>/", act_on_job, {"action": "cancel"}, name="cancel"),
        ]


class AuditViewSet(ModelViewSet):
    """The audit trail, to be read."""

    model = AuditEntry
    name = "audit"
    icon = "history"
    menu_label = _("审计记录")
    menu_order = 910
    add_to_admin_menu = True
    list_display = [
        Column("at", label=_("时间")),
        Column("actor_label", label=_("操作人")),
        Column("action", label=_("操作")),
        Column("subject_label", label=_("对象")),
        Column("address", label=_("地址段")),
    ]
    list_filter = ["action", "actor_id"]
    search_fields = ["actor_label", "action", "subject_label"]
    list_per_page = 50
    form_fields = ["action"]
    inspect_view_enabled = True
    copy_view_enabled = False
    permission_policy = audit_policy

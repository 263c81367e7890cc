"""The hours in the admin: rule versions (added, never changed) and the ledger (read)."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permissions import register_permission_policy

from school.core import wording
from school.study.forms import HourRuleForm
from school.study.models import HourEntry, HourRule
from school.study.permissions import ledger_of, may_read_ledger, may_run_hours


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


register_permission_policy(HourRule, HoursPolicy(HourRule, view=may_read_ledger, add=may_run_hours))
register_permission_policy(HourEntry, HoursPolicy(HourEntry, view=may_read_ledger))


def _credit(entry: HourEntry) -> str:
    return wording.hours(entry.credit)


class HourRuleViewSet(ModelViewSet):
    """Versions of the hour rule: listed, looked at, added."""

    model = HourRule
    name = "hour_rules"
    icon = "cog"
    menu_label = _("学时规则")
    list_display = [
        Column("version", label=_("版本")),
        Column("effective_from", label=_("生效日期")),
        Column("minutes_per_hour", label=_("每学时分钟数")),
        Column("step", label=_("最小单位")),
        Column("daily_cap", label=_("每日上限")),
    ]
    inspect_view_enabled = True
    copy_view_enabled = False
    exclude_form_fields = ["version"]

    def get_form_class(self, for_update=False):
        return HourRuleForm


class LedgerIndex(IndexView):
    """Lines within reach."""

    def get_base_queryset(self):
        return ledger_of(self.request.user).select_related("member")


class LedgerInspect(InspectView):
    """A line out of reach does not exist."""

    def get_object(self, queryset=None):
        return get_object_or_404(ledger_of(self.request.user), pk=self.kwargs["pk"])


class LedgerViewSet(ModelViewSet):
    """Every line of the ledger, to be read and searched by staff number, name or title."""

    model = HourEntry
    name = "hour_entries"
    icon = "list-ul"
    menu_label = _("学时台账")
    list_display = [
        Column("member", label=_("党员")),
        Column("title", label=_("事由")),
        Column(_credit, label=_("学时")),
        Column("get_source_display", label=_("来源")),
        Column("studied_on", label=_("学习日期")),
        Column("counts_for_year", label=_("计入年度")),
        Column("note", label=_("说明")),
    ]
    index_view_class = LedgerIndex
    inspect_view_class = LedgerInspect
    list_filter = ["source", "counts_for_year"]
    search_fields = ["member__staff_number", "member__name", "title"]
    ordering = ["-id"]
    list_per_page = 50
    inspect_view_enabled = True
    copy_view_enabled = False
    form_fields = ["title"]


class HoursGroup(ModelViewSetGroup):
    """学时 in the admin's menu."""

    menu_label = _("学时")
    menu_icon = "time"
    menu_order = 400
    items = (LedgerViewSet, HourRuleViewSet)

"""The hours in the admin: the ledger, the rules, the years."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.model import ModelViewSetGroup

from school.study.viewsets.hour_rules import HourRuleViewSet
from school.study.viewsets.ledger import LedgerViewSet
from school.study.viewsets.years import LateArrivalViewSet, YearViewSet


class HoursGroup(ModelViewSetGroup):
    """学时 in the admin's menu."""

    menu_label = _("学时")
    menu_icon = "time"
    menu_order = 400
    items = (LedgerViewSet, LateArrivalViewSet, YearViewSet, HourRuleViewSet)


__all__ = ["HoursGroup"]

"""What to look at twice before a change of the tree is confirmed."""

from datetime import date

from django.utils.translation import gettext as _

from school.core import clock
from school.members.models import Branch
from school.members.rules.tree import is_usual_place


def place_warnings(kind: str, parent: Branch | None) -> tuple[str, ...]:
    if is_usual_place(kind, parent.kind if parent else None):
        return ()
    below = Branch.Kind(kind).label
    if parent is None:
        return (_("%(kind)s一般不设在顶层。") % {"kind": below},)
    above = parent.get_kind_display()
    return (_("%(kind)s一般不设在%(above)s之下。") % {"kind": below, "above": above},)


def name_warnings(name: str, own: Branch | None) -> tuple[str, ...]:
    same = Branch.objects.filter(name=name, dissolved_on=None)
    if own is not None:
        same = same.exclude(pk=own.pk)
    other = same.first()
    if other is None:
        return ()
    return (_("已有同名党组织，编码 %(code)s。") % {"code": other.code},)


def past_warning(on: date) -> tuple[str, ...]:
    if on >= clock.today():
        return ()
    return (_("生效日期早于今天：已上报的数据不变，实时统计按新的隶属关系重新汇总。"),)

"""Form fields of people and branches."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from school.members.models import Branch
from school.members.widgets import BranchPicker

CANDIDATES = 5
CODE_AT_END = re.compile(r"[（(]([^（）()]+)[）)]\s*$")


def branch_label(branch: Branch) -> str:
    """How a field shows a branch and reads it back: short name and code."""
    return f"{branch.short_name}（{branch.code}）"


class BranchField(forms.ModelChoiceField):
    """One branch, chosen with ``BranchPicker`` or typed: its code, or a name that only it has.

    Args:
        queryset: the branches that may be chosen; anything else is refused as unknown.
        reach: which branches the picker offers: a key of ``views.branches.REACHES``.
    """

    def __init__(self, queryset=None, *, reach: str = "manage", **kwargs) -> None:
        kwargs.setdefault("widget", BranchPicker(reach=reach))
        super().__init__(queryset if queryset is not None else Branch.objects.none(), **kwargs)

    def prepare_value(self, value):
        if isinstance(value, Branch):
            return branch_label(value)
        if isinstance(value, int):
            found = Branch.objects.filter(pk=value).first()
            return branch_label(found) if found else ""
        return value

    def to_python(self, value) -> Branch | None:
        text = str(value or "").strip()
        if not text:
            return None
        codes = [text]
        if found := CODE_AT_END.search(text):
            codes.append(found.group(1).strip())
        if branch := self.queryset.filter(code__in=codes).first():
            return branch
        named = list(self.queryset.filter(Q(name=text) | Q(short_name=text))[: CANDIDATES + 1])
        if len(named) == 1:
            return named[0]
        if named:
            some = "、".join(branch_label(branch) for branch in named[:CANDIDATES])
            raise ValidationError(
                _("有多个党组织叫这个名称，请填写编码：%(some)s") % {"some": some}
            )
        raise ValidationError(_("没有找到这个党组织，请从列表中选择，或填写组织编码。"))

    def has_changed(self, initial, data) -> bool:
        return (self.prepare_value(initial) or "") != (data or "")

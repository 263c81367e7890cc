"""Forms of lending and ending roles."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.members.models import Branch, Member, RoleGrant, Section
from school.members.permissions import Appointing
from school.members.rules.roles import ON_SECTIONS
from school.members.selectors import roles

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
SUGGESTED = 300


class GrantFilterForm(forms.Form):
    """What the list shows; anything it does not understand is left out."""

    person = forms.CharField(label=_("姓名或工号"), max_length=40, required=False)
    branch = forms.CharField(label=_("党组织（编码或名称）"), max_length=60, required=False)
    role = forms.ChoiceField(label=_("角色"), required=False)
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=list(roles.STATES.items()), initial=roles.ACTIVE
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", _("全部角色")), *RoleGrant.Role.choices]

    def asked(self) -> tuple[roles.Asked, str]:
        """The filter, and a word on what was not found."""
        self.is_valid()
        given = getattr(self, "cleaned_data", {})
        branch, said = None, ""
        if name := given.get("branch", "").strip():
            branch = _named(Branch.objects.all(), name)
            if branch is None:
                said = _("没有找到这个党组织，请填写编码或全称。")
        return roles.Asked(
            person=given.get("person", "").strip(),
            branch=branch,
            role=given.get("role", ""),
            state=given.get("state") or roles.ACTIVE,
        ), said


class AppointForm(forms.Form):
    """Which role, where, from when to when. Only what the granter may lend can be chosen."""

    role = forms.ChoiceField(label=_("角色"), widget=forms.RadioSelect)
    place = forms.ChoiceField(
        label=_("授权范围"),
        required=False,
        help_text=_("授在党组织上，所辖各级都在范围内；讲师和审核人可以只授一个栏目。"),
    )
    branch = forms.CharField(
        label=_("其他党组织"),
        max_length=60,
        required=False,
        help_text=_("不在上面列出时，填写编码或全称；填写后以此为准。"),
        widget=forms.TextInput(attrs={"list": "branches-within-reach", "autocomplete": "off"}),
    )
    since = forms.DateField(label=_("起始日期"), widget=DATE)
    until = forms.DateField(
        label=_("到期日期"),
        required=False,
        widget=DATE,
        help_text=_("从这一天起自动失效；留空为长期有效，直到收回。"),
    )
    reason = forms.CharField(
        label=_("授权依据"),
        max_length=200,
        help_text=_("例如任职文件编号，会记入审计记录。"),
    )

    def __init__(self, *args, rights: Appointing, person: Member, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.rights = rights
        self.fields["role"].choices = [(r, RoleGrant.Role(r).label) for r in rights.roles]
        self.fields["place"].choices = self._places(person)
        self.fields["since"].initial = clock.today()
        reached = rights.branches().filter(dissolved_on=None)[: SUGGESTED + 1]
        self.suggested = list(reached) if len(reached) <= SUGGESTED else []

    def _places(self, person: Member) -> list:
        line = [(f"b{b.pk}", f"{b.name}（{b.code}）") for b in roles.home_line(person, self.rights)]
        sections = [(f"s{s.pk}", s.title) for s in self.rights.sections()[:SUGGESTED]]
        choices = [("", _("请选择"))]
        if line:
            choices.append((_("组织关系所在及其上级"), line))
        if sections:
            choices.append((_("栏目（讲师、审核人）"), sections))
        return choices

    def clean(self) -> dict:
        cleaned = super().clean()
        place = self._place(cleaned)
        role = cleaned.get("role")
        if place is not None and role:
            if isinstance(place, Section) and role not in ON_SECTIONS:
                self.add_error("place", _("只有讲师和审核人可以授在栏目上，请改选党组织。"))
            elif not self.rights.may_lend(role, place):
                self.add_error("role", _("这个角色不能授在所选范围，请改选角色或范围。"))
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and since < clock.today():
            self.add_error("since", _("起始日期不能早于今天。"))
        if since and until and until <= since:
            self.add_error("until", _("到期日期应晚于起始日期，请重新填写。"))
        cleaned["where"] = place
        return cleaned

    def _place(self, cleaned: dict) -> Branch | Section | None:
        if name := cleaned.get("branch", "").strip():
            found = _named(self.rights.branches().filter(dissolved_on=None), name)
            if found is None:
                self.add_error("branch", _("没有找到这个党组织，或不在管理范围内。"))
            return found
        chosen = cleaned.get("place", "")
        if not chosen:
            if "place" not in self.errors:
                self.add_error("place", _("请选择授权范围。"))
            return None
        model = {"b": self.rights.branches(), "s": self.rights.sections()}[chosen[0]]
        return model.filter(pk=chosen[1:]).first()


class DismissForm(forms.Form):
    reason = forms.CharField(
        label=_("收回原因"),
        max_length=200,
        help_text=_("例如“已调离”“任期届满”，会记入审计记录。"),
    )


def _named(branches, name: str) -> Branch | None:
    """A branch by code, or by its full or short name if that names only one."""
    code = name.split(maxsplit=1)[0]
    known = branches.filter(code=code).first() or branches.filter(code=name).first()
    if known:
        return known
    found = list(branches.filter(Q(name=name) | Q(short_name=name))[:2])
    return found[0] if len(found) == 1 else None

"""Forms of the branch tree: one for each change, all with a day and an approval number."""

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.members.fields import BranchField
from school.members.models import Branch, BranchPlacement, Member, Membership
from school.members.permissions.tree import TreeAccess
from school.members.rules.tree import CODE


class DayInput(forms.DateInput):
    """A date box of the browser; never later than today."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")

    def get_context(self, name, value, attrs) -> dict:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["max"] = clock.today().isoformat()
        return context


class ChangeForm(forms.Form):
    """What every change of one branch asks: from which day, on whose approval."""

    on = forms.DateField(
        label=_("生效日期"),
        widget=DayInput,
        help_text=_("今天或以前的日期。该日及以后的统计按新的组织关系汇总。"),
    )
    document = forms.CharField(
        label=_("批复文号"), max_length=60, required=False, help_text=_("选填，存入审计记录。")
    )

    def __init__(self, *args, branch: Branch | None, access: TreeAccess, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.branch = branch
        self.access = access
        if "on" in self.fields:
            self.fields["on"].initial = clock.today
        for name in ("parent", "into"):
            if name in self.fields:
                self.fields[name].queryset = access.holders


class NamesForm(ChangeForm):
    """How a branch is called, and what it is."""

    name = forms.CharField(label=_("全称"), max_length=80)
    short_name = forms.CharField(
        label=_("简称"), max_length=20, help_text=_("统计表和手机上显示。")
    )
    code = forms.RegexField(
        rf"^{CODE}$",
        label=_("组织编码"),
        max_length=40,
        error_messages={"invalid": _("组织编码不能有空格和括号，请改正。")},
    )
    kind = forms.ChoiceField(label=_("类别"), choices=Branch.Kind.choices)

    @property
    def names(self) -> dict[str, str]:
        """The four values by name."""
        return {k: self.cleaned_data[k] for k in ("code", "name", "short_name", "kind")}


class CreateForm(NamesForm):
    """A new branch under a parent."""

    parent = BranchField(label=_("上级党组织"))
    field_order = ["parent", "name", "short_name", "code", "kind", "on", "document"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = _("成立日期")
        self.fields["parent"].initial = self.branch


class EditForm(NamesForm):
    """Other names, another code or kind. Holds from now on: names carry no dates."""

    field_order = ["name", "short_name", "code", "kind", "document"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["on"]
        for name in ("code", "name", "short_name", "kind"):
            self.fields[name].initial = getattr(self.branch, name)


class MoveForm(ChangeForm):
    """Another parent."""

    parent = BranchField(label=_("移到"), help_text=_("新的上级党组织。"))
    field_order = ["parent", "on", "document"]


class MergeForm(ChangeForm):
    """The branch that takes this one in."""

    into = BranchField(label=_("并入"), help_text=_("人员和下级转到这个党组织。"))
    field_order = ["into", "on", "document"]


class DissolveForm(ChangeForm):
    """Only the day and the approval."""


class MemberChoices(forms.ModelMultipleChoiceField):
    """Members with their staff numbers, as a list of boxes."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Member) -> str:
        return f"{obj.name}　{obj.staff_number}"


class SplitForm(NamesForm):
    """A new branch, and who and what goes to it."""

    parent = BranchField(
        label=_("上级党组织"), required=False, help_text=_("不填则与原党组织同级。")
    )
    members = MemberChoices(label=_("划出人员"), queryset=Member.objects.none(), required=False)
    children = forms.ModelMultipleChoiceField(
        label=_("划出下级"),
        queryset=Branch.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = [
        "name",
        "short_name",
        "code",
        "kind",
        "parent",
        "members",
        "children",
        "on",
        "document",
    ]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].initial = self.branch.kind
        self.fields["members"].queryset = _home_members(self.branch)
        placed = BranchPlacement.objects.open().filter(parent=self.branch)
        self.fields["children"].queryset = Branch.objects.filter(
            pk__in=placed.values("branch_id")
        ).order_by("path")
        for name in ("members", "children"):
            if not self.fields[name].queryset.exists():
                del self.fields[name]


def _home_members(branch: Branch) -> QuerySet[Member]:
    homes = Membership.objects.open().filter(branch=branch, kind=Membership.Kind.HOME)
    return Member.objects.filter(pk__in=homes.values("member_id")).order_by("staff_number")

"""The one plan form."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from school.members.models import Branch, MemberStanding, Post
from school.members.permissions import Scope
from school.plans.models import StudyPlan
from school.study.models import StudyItem
from school.study.models.policy import RATES
from school.study.rules.policy import Wish


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PlanForm(forms.Form):
    """Title, for whom, when, what. Branches are those the person may act for."""

    title = forms.CharField(label=_("计划名称"), max_length=80)
    owner = forms.ModelChoiceField(label=_("制定党组织"), queryset=Branch.objects.none())
    branches = forms.ModelMultipleChoiceField(
        label=_("学习对象：党组织（含下级）"),
        queryset=Branch.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一个党组织。")},
    )
    kinds = forms.MultipleChoiceField(
        label=_("人员类别"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选为全部计入应学的类别。"),
    )
    post = forms.ModelChoiceField(
        label=_("只给担任职务的人"),
        queryset=Post.objects.all(),
        required=False,
        empty_label=_("不限"),
    )
    starts_on = forms.DateField(label=_("开始日期"), widget=DayInput())
    ends_on = forms.DateField(label=_("截止日期"), widget=DayInput())
    make_up_until = forms.DateField(
        label=_("补学至"),
        required=False,
        widget=DayInput(),
        help_text=_("截止后到这一天完成的记为逾期完成。留空则一直可以补学，直到计划结束。"),
    )
    required_items = forms.ModelMultipleChoiceField(
        label=_("必修内容"),
        queryset=StudyItem.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    optional_items = forms.ModelMultipleChoiceField(
        label=_("选修内容"),
        queryset=StudyItem.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    hours = forms.DecimalField(
        label=_("学时要求"),
        required=False,
        min_value=0,
        max_digits=5,
        decimal_places=2,
        help_text=_("起止日期内要获得的学时；留空则学时达标率按年度应修学时算。"),
    )

    max_rate = forms.TypedChoiceField(
        label=_("必修内容首次学习最高倍速"),
        choices=[("", _("按学校设置")), *RATES],
        coerce=int,
        empty_value=None,
        required=False,
    )
    check_in = forms.IntegerField(
        label=_("在线确认间隔（分钟）"),
        required=False,
        min_value=1,
        max_value=60,
        help_text=_(
            "每隔这么久到两倍时间，随机询问一次是否仍在学习。留空按学校设置和微课自己的要求。"
        ),
    )
    no_seek = forms.BooleanField(label=_("首次学习不得快进"), required=False)
    questions = forms.BooleanField(label=_("视频中的问题必须作答"), required=False)

    def __init__(self, *args, scope: Scope, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        writable = scope.writable_branches.filter(dissolved_on=None)
        self.fields["owner"].queryset = writable
        self.fields["branches"].queryset = writable
        kinds = dict(MemberStanding.Kind.choices)
        self.fields["kinds"].choices = [(k, kinds[k]) for k in settings.SCHOOL_COUNTED_KINDS]
        items = StudyItem.objects.filter(withdrawn_at=None, current__isnull=False)
        self.fields["required_items"].queryset = items.order_by("-pk")
        self.fields["optional_items"].queryset = items.order_by("-pk")
        for name in ("required_items", "optional_items"):
            self.fields[name].label_from_instance = item_label

    def clean(self) -> dict:
        data = super().clean()
        starts, ends, make_up = (
            data.get(name) for name in ("starts_on", "ends_on", "make_up_until")
        )
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("截止日期不能早于开始日期。"))
        if ends and make_up and make_up < ends:
            self.add_error("make_up_until", _("补学期限不能早于截止日期。"))
        required = set(data.get("required_items") or ())
        both = required & set(data.get("optional_items") or ())
        if both:
            names = "、".join(item.title for item in both)
            self.add_error("optional_items", _("同一内容不能既必修又选修：%s") % names)
        if not required and not data.get("hours"):
            self.add_error("required_items", _("请至少选一项必修内容，或填写学时要求。"))
        return data

    @property
    def items(self) -> list[tuple[StudyItem, bool]]:
        """(item, required), required ones first."""
        data = self.cleaned_data
        return [(item, True) for item in data["required_items"]] + [
            (item, False) for item in data["optional_items"]
        ]

    @property
    def hour_target(self) -> int | None:
        """Hundredths of 学时, or None."""
        hours = self.cleaned_data.get("hours")
        return int(hours * 100) if hours else None

    @property
    def wish(self) -> Wish:
        """What the plan asks of a first view; what is left empty changes nothing."""
        data = self.cleaned_data
        return Wish(
            max_rate=data["max_rate"],
            check_in=data["check_in"],
            seek_free=False if data["no_seek"] else None,
            questions=True if data["questions"] else None,
        )


def item_label(item: StudyItem) -> str:
    """类型 · 标题, as an item is offered."""
    return f"{item.get_kind_display()} · {item.title}"


def initial_of(plan: StudyPlan) -> dict:
    """A draft as the form shows it."""
    rules = list(plan.audience.rules.all()) if plan.audience else []
    items = list(plan.items.all())
    return {
        "title": plan.title,
        "owner": plan.owner_id,
        "branches": [rule.branch_id for rule in rules if rule.branch_id],
        "kinds": sorted({rule.kind for rule in rules if rule.kind}),
        "post": next((rule.post_id for rule in rules if rule.post_id), None),
        "starts_on": plan.starts_on,
        "ends_on": plan.ends_on,
        "make_up_until": plan.make_up_until,
        "required_items": [row.item_id for row in items if row.required],
        "optional_items": [row.item_id for row in items if not row.required],
        "hours": plan.hour_target / 100 if plan.hour_target else None,
        "max_rate": plan.max_rate,
        "check_in": plan.check_in,
        "no_seek": plan.seek_free is False,
        "questions": bool(plan.questions),
    }

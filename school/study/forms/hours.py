"""Forms of the hours in the admin. People write 学时; the house keeps integer hundredths."""

from datetime import timedelta
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.study.models import HourRule
from school.study.rules import tiers
from school.study.rules.presets import PRESETS

CAPS = ("online", "quiz", "self_paced")
KINDS = ("group", "lecture", "training")


class CreditField(forms.DecimalField):
    """学时 with at most two decimals; cleaned to integer hundredths."""

    def __init__(self, **options) -> None:
        options = {"min_value": 0, "max_value": 1000, "decimal_places": 2, **options}
        super().__init__(**options)

    def prepare_value(self, value):
        if isinstance(value, int):
            written = f"{Decimal(value) / 100:f}"
            return written.rstrip("0").rstrip(".") if "." in written else written
        return value

    def clean(self, value) -> int | None:
        number = super().clean(value)
        return None if number is None else int(number * 100)


def _minutes(label: str, *, required: bool = True, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=required, min_value=1, max_value=600, help_text=help_text
    )


class HourRuleForm(forms.Form):
    """The terms of a new version; ``terms`` gives them as ``HourRule`` has them."""

    effective_from = forms.DateField(
        label=_("生效日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("今天或以后。生效前的学习仍按原规则计。"),
    )
    basis = forms.CharField(
        label=_("规则依据"),
        max_length=200,
        required=False,
        help_text=_("本单位的文件名称和文号。"),
    )
    mode = forms.ChoiceField(
        label=_("方式"),
        choices=HourRule.Mode.choices,
        help_text=_("学完计：学完一次记入，页面上写多少就计多少。按学习时长计：学了多久计多久。"),
    )
    minutes_per_hour = _minutes(_("每学时分钟数"))
    tier_lines = forms.CharField(
        label=_("按长度分档"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "每行一档：不超过的分钟数、空格、学时，例如“15 0.25”；最后一行可写“以上 1”。"
            "留空则按每学时分钟数折算。只用于“学完计”。"
        ),
    )
    step = CreditField(
        label=_("合计最小单位（学时）"),
        min_value=Decimal("0.01"),
        help_text=_("一年的合计按此取整，每条记录不取整。"),
    )
    quiz_bonus = CreditField(label=_("测验通过加计（学时）"), help_text=_("0 为不加计。"))
    pays_again = forms.BooleanField(
        label=_("次年重学可再计"), required=False, help_text=_("同一内容每年最多计一次。")
    )
    daily_cap = CreditField(
        label=_("网上自学每日上限（学时）"),
        required=False,
        help_text=_("留空为不设上限；集体学习等线下学时不受此限，也不占用。"),
    )
    cap_online = CreditField(label=_("网上自学年度上限（学时）"), required=False)
    cap_quiz = CreditField(label=_("测验年度上限（学时）"), required=False)
    cap_self_paced = CreditField(label=_("网上自学与测验合计年度上限（学时）"), required=False)
    offline_minutes_per_hour = _minutes(_("线下每学时分钟数"))
    kind_group = _minutes(
        _("集体学习每学时分钟数"), required=False, help_text=_("留空则按线下每学时分钟数。")
    )
    kind_lecture = _minutes(_("党课每学时分钟数"), required=False)
    kind_training = _minutes(_("集中培训每学时分钟数"), required=False)
    preset = forms.CharField(required=False, max_length=30, widget=forms.HiddenInput)

    @staticmethod
    def starting(terms: dict) -> dict:
        """Terms of a rule as this form shows them."""
        plain = {name: terms[name] for name in _PLAIN}
        caps = {f"cap_{name}": terms["yearly_caps"].get(name) for name in CAPS}
        kinds = {f"kind_{name}": terms["offline_kinds"].get(name) for name in KINDS}
        return plain | caps | kinds | {"tier_lines": tiers.write(terms["tiers"])}

    def clean_tier_lines(self) -> list:
        try:
            return tiers.parse(self.cleaned_data["tier_lines"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_effective_from(self):
        day = self.cleaned_data["effective_from"]
        if day < clock.today():
            raise forms.ValidationError(_("生效日期不能早于今天：已入账的学时不会改算。"))
        if HourRule.objects.filter(effective_from=day).exists():
            raise forms.ValidationError(_("这一天已有一个版本生效，请另选日期。"))
        return day

    def clean_preset(self) -> str:
        key = self.cleaned_data["preset"]
        return key if key in {preset.key for preset in PRESETS} else ""

    def terms(self) -> dict:
        """The cleaned terms by the names of ``HourRule``, plain enough for a job's payload."""
        given = self.cleaned_data
        return {
            **{name: given[name] for name in _PLAIN},
            "basis": given["basis"],
            "preset": given["preset"],
            "tiers": given["tier_lines"],
            "yearly_caps": {
                name: given[f"cap_{name}"] for name in CAPS if given[f"cap_{name}"] is not None
            },
            "offline_kinds": {
                name: given[f"kind_{name}"] for name in KINDS if given[f"kind_{name}"]
            },
        }


_PLAIN = (
    "mode",
    "minutes_per_hour",
    "step",
    "quiz_bonus",
    "pays_again",
    "daily_cap",
    "offline_minutes_per_hour",
)


class RecreditForm(forms.Form):
    """Which study days a version is to count for, and why."""

    since = forms.DateField(label=_("学习日期自"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("学习日期至"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label=_("原因"), max_length=200, help_text=_("党员会在学时明细里看到。")
    )

    @staticmethod
    def starting() -> dict:
        """Last month."""
        last = clock.today().replace(day=1) - timedelta(days=1)
        return {"since": last.replace(day=1), "until": last}


class CorrectionForm(forms.Form):
    """Why a line is taken back, and what is right instead."""

    reason = forms.CharField(
        label=_("更正原因"), max_length=200, help_text=_("党员会在学时明细里看到。")
    )
    credit = CreditField(
        label=_("更正后的学时"), required=False, help_text=_("留空为只冲销，不另计。")
    )


class LateForm(forms.Form):
    """What becomes of a late arrival."""

    reason = forms.CharField(
        label=_("说明"),
        max_length=200,
        required=False,
        help_text=_("不予计入的，必须写明原因；党员会看到。"),
    )

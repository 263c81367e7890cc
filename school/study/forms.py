"""Forms of the hours."""

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from school.core import clock
from school.study.models import HourRule
from school.study.rules import tiers
from school.study.services.hour_rules import add_hour_rule

TERMS = (
    "mode",
    "minutes_per_hour",
    "step",
    "quiz_bonus",
    "pays_again",
    "daily_cap",
    "offline_minutes_per_hour",
)


class HourRuleForm(WagtailAdminModelForm):
    """A new version; the number is given by the service."""

    tier_lines = forms.CharField(
        label=_("按长度分档"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "每行一档：不超过的分钟数、空格、学时，例如“15 0.25”；最后一行可写“以上 1”。"
            "留空则按每学时分钟数折算。"
        ),
    )

    class Meta:
        model = HourRule
        fields = ("effective_from", *TERMS)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        latest = HourRule.objects.order_by("-version").first()
        if latest and not self.is_bound:
            for name in TERMS:
                self.initial[name] = getattr(latest, name)
            self.initial["tier_lines"] = tiers.write(latest.tiers)

    def clean_tier_lines(self) -> list:
        try:
            return tiers.parse(self.cleaned_data["tier_lines"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict:
        cleaned = super().clean()
        for name in ("minutes_per_hour", "step", "offline_minutes_per_hour"):
            if cleaned.get(name) == 0:
                self.add_error(name, _("应大于 0。"))
        return cleaned

    def save(self, commit: bool = True) -> HourRule:
        """Write the version through the service."""
        values = {name: self.cleaned_data[name] for name in TERMS}
        self.instance = add_hour_rule(
            effective_from=self.cleaned_data["effective_from"],
            by=self.for_user,
            tiers=self.cleaned_data["tier_lines"],
            **values,
        )
        return self.instance

    def clean_effective_from(self):
        day = self.cleaned_data["effective_from"]
        if day < clock.today():
            raise forms.ValidationError(_("生效日期不能早于今天：已入账的学时不会改算。"))
        return day

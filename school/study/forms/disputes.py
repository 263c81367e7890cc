"""Forms of 学时申诉: the member's, and those of who verifies and who decides."""

from decimal import Decimal
from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.study.models import Dispute, HourEntry, StudyItem
from school.study.selectors.disputes import missing_source
from school.study.selectors.rules import year_closed

HUNDRED = 100


class DisputeForm(forms.Form):
    """What is wrong. About a line of the ledger the item and the day are those of the line."""

    kind = forms.ChoiceField(label=_("申诉事项"), widget=forms.RadioSelect)
    item = forms.ModelChoiceField(
        StudyItem.objects.none(),
        label=_("学习内容"),
        required=False,
        empty_label=_("不是平台上的内容"),
    )
    studied_on = forms.DateField(
        label=_("学习日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    text = forms.CharField(
        label=_("情况说明"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("学了什么、大约几点到几点、用的手机还是电脑、哪里不对。"),
    )

    def __init__(self, *args, entry: HourEntry | None, items, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kinds = dict(Dispute.Kind.choices)
        if entry is not None:
            del self.fields["item"], self.fields["studied_on"]
            kinds.pop(Dispute.Kind.UNFINISHED)
        else:
            kinds.pop(Dispute.Kind.WRONG)
            known = cast(forms.ModelChoiceField, self.fields["item"])
            known.queryset = items
            self.fields["studied_on"].widget.attrs["max"] = str(clock.today())
        cast(forms.ChoiceField, self.fields["kind"]).choices = list(kinds.items())


class FindingForm(forms.Form):
    """What the branch has found."""

    finding = forms.ChoiceField(
        label=_("核实结论"),
        choices=[(value, label) for value, label in Dispute.Finding.choices if value],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("核实情况"),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("怎样核实的、依据是什么。本人能看到。"),
    )


class DecisionForm(forms.Form):
    """The office's decision; 学时 only where a figure is needed."""

    decision = forms.ChoiceField(
        label=_("裁定"),
        choices=[("correct", _("更正记录")), ("uphold", _("维持原记录"))],
        widget=forms.RadioSelect,
    )
    hours = forms.DecimalField(
        label=_("更正为（学时）"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal("100"),
        decimal_places=2,
    )
    source = forms.ChoiceField(
        label=_("补记为"),
        required=False,
        choices=HourEntry.Source.choices,
        help_text=_("按所填学时足额补记，不受每日和年度上限限制；网上学时占用当日上限。"),
    )
    reason = forms.CharField(
        label=_("裁定理由"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("本人能看到。"),
    )

    def __init__(self, *args, dispute: Dispute, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if dispute.kind == Dispute.Kind.UNFINISHED:
            del self.fields["hours"]  # completion pays by the rule
        elif dispute.entry is None:
            self.fields["hours"].label = _("补记（学时）")
            self.fields["hours"].help_text = _("裁定更正时必填。")
            self.fields["source"].initial = missing_source(dispute)
        elif year_closed(dispute.year):
            self.fields["hours"].help_text = _(
                "%(year)s 年度已封账，原记录不变；多于原记录的学时列入迟到学时。"
            ) % {"year": dispute.year}
        else:
            self.fields["hours"].help_text = _("留空表示这条记录作废，不再计学时。")
        if dispute.kind == Dispute.Kind.UNFINISHED or dispute.entry is not None:
            del self.fields["source"]  # the item's, or that of the line

    @property
    def credit(self) -> int | None:
        """Hundredths of 学时, None when no figure was given."""
        given = self.cleaned_data.get("hours")
        return int(given * HUNDRED) if given else None

"""The form of who decides on 逾期上传."""

from django import forms
from django.utils.translation import gettext_lazy as _


class LateDecisionForm(forms.Form):
    """Whether it counts, and why."""

    decision = forms.ChoiceField(
        label=_("核实结果"),
        choices=[("accept", _("情况属实，予以认定")), ("refuse", _("不予认定"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("核实情况"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("怎样核实的、依据是什么。本人能看到。"),
    )

"""Forms of 待核实: what to list, and what was found out."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from school.members.models import Branch
from school.study.models import Anomaly


class AnomalyFilter(forms.Form):
    """What of a node's list to show; empty parts mean all of it."""

    kind = forms.ChoiceField(
        label=_("情形"), required=False, choices=[("", _("不限")), *Anomaly.Kind.choices]
    )
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("不限")), *Anomaly.State.choices]
    )
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("下级党组织"), required=False, empty_label=_("不限")
    )

    def __init__(self, *args, node: Branch, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        below = cast(forms.ModelChoiceField, self.fields["branch"])
        below.queryset = node.get_children().order_by("path")
        below.label_from_instance = lambda each: each.short_name

    @property
    def chosen(self) -> dict:
        """What was asked for; nonsense in the address is as good as nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class JudgementForm(forms.Form):
    """The verdict; ``whole`` only where the same pattern has further rows."""

    verdict = forms.ChoiceField(
        label=_("核实结论"),
        choices=[
            (Anomaly.State.PLAUSIBLE, _("学习属实，学时不变")),
            (Anomaly.State.CORRECTION, _("需要更正，另在学时台账办理")),
        ],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("核实情况"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("问了谁、看了什么、依据是什么。"),
    )
    whole = forms.BooleanField(required=False)

    def __init__(self, *args, rest: int, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not rest:
            del self.fields["whole"]
            return
        self.fields["whole"].label = ngettext(
            "同组另有 %(count)d 名党员，一并按此核实",
            "同组另有 %(count)d 名党员，一并按此核实",
            rest,
        ) % {"count": rest}

"""The form in front of a full personal number."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from school.members.services.privacy import FIELDS


class RevealForm(forms.Form):
    field = forms.ChoiceField(label=_("查看哪一项"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("用途"),
        max_length=200,
        min_length=settings.PERSONAL_REASON_CHARACTERS,
        help_text=_("例如“核对转接介绍信”。查看人、时间和用途记入审计，不要在这里填写号码。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, known: list[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = [(name, FIELDS[name]) for name in known]
        if len(known) == 1:
            self.fields["field"].initial = known[0]

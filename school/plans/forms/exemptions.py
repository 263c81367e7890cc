"""Forms of asking for 免学 and of the answer."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from school.plans.forms.plans import DayInput


class AskForm(forms.Form):
    """What somebody is to be let off from, why, and from which day on.

    Args:
        choices: (key, label) of what may be asked for; left out where it is given already.
    """

    what = forms.ChoiceField(label=_("免学项目"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("免学原因"),
        max_length=200,
        help_text=_("写明事由即可，例如长期病休，不写病情细节。"),
    )
    since = forms.DateField(
        label=_("从哪天起"),
        required=False,
        widget=DayInput(),
        help_text=_("留空为计划的第一天或当年 1 月 1 日。"),
    )

    def __init__(self, *args, choices: list[tuple[str, str]] | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if choices is None:
            del self.fields["what"]
        else:
            self.fields["what"].choices = choices
            self.fields["what"].error_messages["required"] = _("请选择免学项目。")
            if len(choices) == 1:
                self.fields["what"].initial = choices[0][0]

    def clean_since(self) -> date | None:
        since = self.cleaned_data["since"]
        if since and not 2000 <= since.year <= 2100:
            raise forms.ValidationError(_("日期不正确，请重新选择。"))
        return since


class AnswerForm(forms.Form):
    """Approve, or decline with a reason."""

    answer = forms.CharField(label=_("处理意见"), max_length=200, required=False)

"""The form of a new gathering; attendance is read straight from the posted rows."""

from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.gatherings.models import Gathering
from school.gatherings.selectors import showable_items
from school.members.models import Branch
from school.study.models import StudyItem


class GatheringForm(forms.Form):
    branch = forms.ModelChoiceField(label=_("党组织"), queryset=Branch.objects.none())
    items = forms.MultipleChoiceField(
        label=_("学习内容"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("可选一项或多项，计划内的排在前面。"),
    )
    title = forms.CharField(
        label=_("主题"), max_length=80, required=False, help_text=_("不填就用学习内容的标题。")
    )
    held_on = forms.DateField(
        label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    begins = forms.TimeField(
        label=_("开始"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(
        label=_("结束"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    place = forms.CharField(label=_("地点"), max_length=60, required=False)

    def __init__(self, *args, branches, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches.filter(dissolved_on=None)
        choices = [
            (str(item.pk), f"{item.get_kind_display()} · {item.title}") for item in showable_items()
        ]
        self.fields["items"].choices = choices
        now = clock.now().astimezone(clock.LOCAL)
        self.fields["held_on"].initial = now.date()
        self.fields["ends"].initial = now.time().replace(second=0, microsecond=0)
        self.fields["begins"].initial = (
            (now - timedelta(hours=1)).time().replace(second=0, microsecond=0)
        )

    def clean_items(self) -> list[StudyItem]:
        return list(StudyItem.objects.filter(pk__in=self.cleaned_data["items"]))

    def moments(self) -> tuple[datetime, datetime]:
        """Start and end as aware moments in Asia/Shanghai."""
        cleaned = self.cleaned_data
        day = cleaned["held_on"]
        return (
            datetime.combine(day, cleaned["begins"], tzinfo=clock.LOCAL),
            datetime.combine(day, cleaned["ends"], tzinfo=clock.LOCAL),
        )

    def values(self) -> dict:
        """Arguments of ``open_gathering`` but for who registers it."""
        starts_at, ends_at = self.moments()
        return {
            "branch": self.cleaned_data["branch"],
            "kind": Gathering.Kind.GROUP,
            "title": self.cleaned_data["title"],
            "items": self.cleaned_data["items"],
            "starts_at": starts_at,
            "ends_at": ends_at,
            "place": self.cleaned_data["place"],
        }

"""Forms of gatherings; the names themselves are read straight from the posted rows."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.gatherings.models import Gathering
from school.gatherings.selectors import showable_items
from school.members.models import Branch
from school.study.models import StudyItem

FURTHER = (2, 3, 4)
# An end before its beginning lies on the next day if that makes it no longer than this; else it is
# a slip, and told.
OVERNIGHT = timedelta(hours=6)


def _time(label, **more) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, **more)


class GatheringForm(forms.Form):
    branch = forms.ModelChoiceField(label=_("党组织"), queryset=Branch.objects.none())
    kind = forms.ChoiceField(
        label=_("类型"),
        choices=Gathering.Kind.choices,
        initial=Gathering.Kind.GROUP,
        required=False,
    )
    items = forms.MultipleChoiceField(
        label=_("学习内容"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("可选一项或多项，计划内的排在前面；集体学习至少选一项。"),
    )
    title = forms.CharField(
        label=_("主题"), max_length=80, required=False, help_text=_("不填就用学习内容的标题。")
    )
    held_on = forms.DateField(
        label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    begins = _time(_("开始"))
    ends = _time(_("结束"), help_text=_("过了零点的，按第二天的时间填。"))
    begins_2, ends_2 = _time(_("第二场开始"), required=False), _time(_("结束"), required=False)
    begins_3, ends_3 = _time(_("第三场开始"), required=False), _time(_("结束"), required=False)
    begins_4, ends_4 = _time(_("第四场开始"), required=False), _time(_("结束"), required=False)
    place = forms.CharField(label=_("地点"), max_length=60, required=False)
    invited = forms.ModelMultipleChoiceField(
        label=_("邀请下级党组织"),
        queryset=Branch.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("所选党组织（含其下级）的党员列入应到。"),
    )

    def __init__(self, *args, branches, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        living = branches.filter(dissolved_on=None)
        self.fields["branch"].queryset = living
        self.fields["items"].choices = [
            (str(item.pk), f"{item.get_kind_display()} · {item.title}") for item in showable_items()
        ]
        if living.count() < 2:
            del self.fields["invited"]  # nobody below to invite
        else:
            self.fields["invited"].queryset = living
        now = clock.now().astimezone(clock.LOCAL)
        begin = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
        end = begin + timedelta(hours=1)
        self.fields["held_on"].initial = begin.date()
        self.fields["begins"].initial = begin.time()
        self.fields["ends"].initial = end.time()

    def clean_kind(self) -> str:
        """Not said: group study."""
        return self.cleaned_data["kind"] or Gathering.Kind.GROUP

    def clean_items(self) -> list[StudyItem]:
        """The chosen items."""
        return list(StudyItem.objects.filter(pk__in=self.cleaned_data["items"]))

    def clean(self) -> dict:
        """A further session needs both times."""
        cleaned = super().clean()
        for number in FURTHER:
            begins, ends = cleaned.get(f"begins_{number}"), cleaned.get(f"ends_{number}")
            if bool(begins) != bool(ends):
                self.add_error(f"ends_{number}", _("请把这一场的开始和结束都填上。"))
        return cleaned

    def sessions(self) -> list[tuple[datetime, datetime]]:
        """Start and end of each session as aware moments in Asia/Shanghai."""
        cleaned = self.cleaned_data
        pairs = [(cleaned["begins"], cleaned["ends"])]
        pairs += [(cleaned.get(f"begins_{n}"), cleaned.get(f"ends_{n}")) for n in FURTHER]
        day = cleaned["held_on"]
        return [_session(day, *pair) for pair in pairs if all(at is not None for at in pair)]

    def values(self) -> dict:
        """Arguments of ``open_gathering`` and ``convene_gathering`` but for who opens it."""
        cleaned = self.cleaned_data
        return {
            "branch": cleaned["branch"],
            "kind": cleaned["kind"],
            "title": cleaned["title"],
            "items": cleaned["items"],
            "sessions": self.sessions(),
            "place": cleaned["place"],
            "invited": list(cleaned.get("invited") or ()),
        }


def _session(day: date, begins: time, ends: time) -> tuple[datetime, datetime]:
    """A session of a day; one of a night shift ends on the next."""
    begin, end = (datetime.combine(day, at, tzinfo=clock.LOCAL) for at in (begins, ends))
    next_day = end + timedelta(days=1)
    if end < begin and next_day - begin <= OVERNIGHT:
        end = next_day
    return begin, end


class EndForm(forms.Form):
    """When it really ended."""

    ended_at = _time(_("结束时间"))

    def moment(self, gathering: Gathering) -> datetime:
        """The end as an aware moment: on the day of the last session."""
        day = clock.local_day(gathering.ends_at - timedelta(milliseconds=1))
        return datetime.combine(day, self.cleaned_data["ended_at"], tzinfo=clock.LOCAL)


class GuestForm(forms.Form):
    """Who sits in: both as in the roster."""

    staff_number = forms.CharField(label=_("工号"), max_length=30)
    name = forms.CharField(label=_("姓名"), max_length=60)


class FileForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=_("文件"),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的，请重新选择。")},
    )

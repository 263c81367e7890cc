"""Forms of the members' list, the record, standing, posts, memberships, transfers, corrections."""

from datetime import date

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.core.errors import DomainError
from school.members.fields import BranchField
from school.members.models import Branch, MemberRecord, MemberStanding, Post
from school.members.rules.dates import parse_day
from school.members.rules.masks import mask_numbers
from school.members.rules.numbers import fold_name, parse_identity, parse_mobile, parse_staff_number
from school.members.selectors.directory import ANY, NEVER, SIGNED_IN, Wanted
from school.members.services.corrections import FIELD_LABELS


class DayField(forms.CharField):
    """A date as people write it: 2019-07-01, 2019.7.1, 2019年7月1日, 20190701."""

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("max_length", 20)
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("placeholder", "2019-07-01")
        self.widget.attrs.setdefault("autocomplete", "off")

    def prepare_value(self, value):
        return value.isoformat() if isinstance(value, date) else value

    def has_changed(self, initial, data) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value) -> date | None:
        typed = super().clean(value)
        if not typed:
            return None
        day = _parsed(parse_day, typed)
        if day.month_only:
            raise forms.ValidationError(_g("请写到哪一天，例如 2019-07-01。"))
        return day.day


def _parsed(parse, value, **more):
    """A pure parser's refusal as a field's error."""
    try:
        return parse(value, **more)
    except DomainError as error:
        raise forms.ValidationError(error.message) from error


def _anywhere(**kwargs) -> BranchField:
    """A branch of the whole school that still stands: names of branches are no secret."""
    return BranchField(Branch.objects.filter(dissolved_on=None), reach="all", **kwargs)


def _today() -> str:
    return clock.today().isoformat()


class ListForm(forms.Form):
    """The filters above a list of members. What makes no sense is left aside."""

    q = forms.CharField(
        label=_("姓名或工号"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=_("人员类别"),
        required=False,
        choices=[("", _("全部类别")), *MemberStanding.Kind.choices],
    )
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("在册")), *MemberStanding.State.choices, (ANY, _("全部"))],
    )
    signed_in = forms.ChoiceField(
        label=_("登录"),
        required=False,
        choices=[("", _("不限")), (SIGNED_IN, _("登录过")), (NEVER, _("从未登录"))],
    )

    def wanted(self, post: int | None = None) -> Wanted:
        """The filters as the selector takes them; a wrong one counts as empty."""
        self.is_valid()
        given = self.cleaned_data
        return Wanted(
            text=given.get("q", "").replace("\x00", ""),
            kind=given.get("kind", ""),
            state=given.get("state", ""),
            signed_in=given.get("signed_in", ""),
            post=post,
        )


class PartForm(forms.Form):
    """One branch below the listed node, with all below it."""

    branch = BranchField(label=_("党组织及下级"), reach="see", required=False)

    def __init__(self, *args, node: Branch, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        below = Branch.objects.filter(path__startswith=node.path, dissolved_on=None)
        self.fields["branch"].queryset = below
        self.fields["branch"].widget.within = node.pk

    @property
    def chosen(self) -> Branch | None:
        """The branch that was chosen; a wrong one stays an error at its field."""
        return self.cleaned_data["branch"] if self.is_bound and self.is_valid() else None


class EnrolForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=40)
    staff_number = forms.CharField(label=_("工号"), max_length=32, help_text=_("用工号登录。"))
    kind = forms.ChoiceField(label=_("人员类别"), choices=MemberStanding.Kind.choices)
    since = DayField(label=_("自哪一天起"), initial=_today)
    mobile = forms.CharField(
        label=_("手机"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        return fold_name(self.cleaned_data["name"])

    def clean_staff_number(self) -> str:
        return _parsed(parse_staff_number, self.cleaned_data["staff_number"])

    def clean_mobile(self) -> str:
        typed = self.cleaned_data["mobile"]
        return _parsed(parse_mobile, typed) if typed.strip() else ""


KEEP = _("已登记 %(masked)s，留空不改。")


class RecordForm(forms.ModelForm):
    """The record. Personal numbers are never shown in full: an empty box keeps what is stored."""

    name = forms.CharField(label=_("姓名"), max_length=40)
    staff_number = forms.CharField(label=_("工号"), max_length=32)
    identity = forms.CharField(label=_("身份证号"), max_length=30, required=False)
    mobile = forms.CharField(label=_("手机"), max_length=20, required=False)
    clear_mobile = forms.BooleanField(
        label=_("清除已登记的手机号（停用或换号），本人不能再用它登录"), required=False
    )
    email = forms.EmailField(label=_("邮箱"), required=False)
    address = forms.CharField(label=_("现居住地"), max_length=100, required=False)
    born_on = DayField(label=_("出生日期"), required=False)
    employed_on = DayField(label=_("参加工作日期"), required=False)
    joined_on = DayField(label=_("入党日期"), required=False)
    confirmed_on = DayField(label=_("转正日期"), required=False)
    veteran = forms.NullBooleanField(
        label=_("退役军人"),
        required=False,
        widget=forms.NullBooleanSelect,
    )

    SECRET = ("identity", "mobile", "address")
    GROUPS = (
        (_("基本信息"), ("name", "staff_number", "sex", "ethnicity", "born_on", "native_place")),
        (_("党籍"), ("joined_on", "confirmed_on", "sponsors", "application_number", "merits")),
        (
            _("学历与工作"),
            ("education", "degree", "graduated_from", "employed_on", "workplace", "job_title")
            + ("veteran",),
        ),
        (
            _("证件与联系方式"),
            ("identity", "mobile", "clear_mobile", "email", "address", "police_station"),
        ),
        (_("备注"), ("remark",)),
    )

    class Meta:
        model = MemberRecord
        fields = [
            "sex",
            "ethnicity",
            "born_on",
            "native_place",
            "education",
            "degree",
            "graduated_from",
            "employed_on",
            "workplace",
            "job_title",
            "joined_on",
            "confirmed_on",
            "sponsors",
            "application_number",
            "police_station",
            "veteran",
            "merits",
            "remark",
        ]

    def __init__(self, *args, member, record, **kwargs) -> None:
        self.member = member
        initial = {"name": member.name, "staff_number": member.staff_number, "email": member.email}
        super().__init__(*args, instance=record, initial=initial, **kwargs)
        stored = {
            "identity": member.masked_identity,
            "mobile": member.masked_mobile,
            "address": record.masked_address if record.pk else "",
        }
        if not stored["mobile"]:
            del self.fields["clear_mobile"]
        for name in self.SECRET:
            self.fields[name].widget.attrs["autocomplete"] = "off"
            if stored[name]:
                self.fields[name].help_text = KEEP % {"masked": stored[name]}
        self.fields["veteran"].widget.choices = [
            ("unknown", _g("未登记")),
            ("true", _g("是")),
            ("false", _g("否")),
        ]
        self.fields["sex"].choices = [("", _g("未登记")), *MemberRecord.Sex.choices]

    @property
    def groups(self):
        """(heading, bound fields) in the order of the page."""
        return [
            (heading, [self[name] for name in names if name in self.fields])
            for heading, names in self.GROUPS
        ]

    def _post_clean(self) -> None:
        """The service writes; the instance stays as it was read."""

    def clean_name(self) -> str:
        return fold_name(self.cleaned_data["name"])

    def clean_staff_number(self) -> str:
        return _parsed(parse_staff_number, self.cleaned_data["staff_number"])

    def clean_identity(self) -> str:
        typed = self.cleaned_data["identity"].strip()
        return _parsed(parse_identity, typed, today=clock.today()).number if typed else ""

    def clean_mobile(self) -> str:
        typed = self.cleaned_data["mobile"].strip()
        return _parsed(parse_mobile, typed) if typed else ""

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("clear_mobile") and cleaned.get("mobile"):
            self.add_error("clear_mobile", _g("填了新手机号就不用勾选清除，请留一项。"))
        return cleaned

    def changes(self) -> dict:
        """What was changed, by name, as the service takes it. An empty mobile clears it."""
        cleaned = self.cleaned_data
        changes = {
            name: cleaned[name]
            for name in self.changed_data
            if name in cleaned
            and name != "clear_mobile"
            and not (name in self.SECRET and not cleaned[name])
        }
        if cleaned.get("clear_mobile"):
            changes["mobile"] = ""
        return changes


class StandingForm(forms.Form):
    kind = forms.ChoiceField(label=_("人员类别"), choices=MemberStanding.Kind.choices)
    state = forms.ChoiceField(label=_("状态"), choices=MemberStanding.State.choices)
    on = DayField(label=_("自哪一天起"), initial=_today)
    reason = forms.ChoiceField(
        label=_("减员原因"),
        required=False,
        choices=[("", _("登记为已减员时选择")), *MemberStanding.Reason.choices],
    )

    def clean(self) -> dict:
        cleaned = super().clean()
        left = cleaned.get("state") == MemberStanding.State.LEFT
        if left and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _g("请选择减员原因。"))
        return cleaned


class PostForm(forms.Form):
    post = forms.ModelChoiceField(label=_("职务"), queryset=Post.objects.all())
    branch = forms.ModelChoiceField(label=_("党组织"), queryset=Branch.objects.none())
    since = DayField(label=_("任职日期"), initial=_today)

    def __init__(self, *args, branches, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches


class AttachForm(forms.Form):
    branch = _anywhere(label=_("参加哪个党组织的组织生活"))
    since = DayField(label=_("自哪一天起"), initial=_today)


class EndForm(forms.Form):
    on = DayField(label=_("自哪一天起结束"), initial=_today)


class TransferForm(forms.Form):
    receiver = _anywhere(label=_("转入党组织"))
    reason = forms.CharField(label=_("转接原因"), max_length=200, required=False)
    letter_number = forms.CharField(label=_("介绍信编号"), max_length=40, required=False)


class ReceiveForm(forms.Form):
    effective_on = DayField(
        label=_("生效日期"),
        initial=_today,
        help_text=_("从这一天起在转入党组织学习和统计，不早于转出日期。"),
    )


OTHER = "other"


class AskForm(forms.Form):
    """A correction of own data: which item, what it should be, and what else is to be said."""

    field = forms.ChoiceField(label=_("哪一项不对"))
    value = forms.CharField(
        label=_("应该是"),
        max_length=100,
        required=False,
        help_text=_("例如正确的姓名、日期。选“其他”时不用填。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    text = forms.CharField(
        label=_("说明"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = [*FIELD_LABELS.items(), (OTHER, _g("其他"))]

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("field") in FIELD_LABELS and not cleaned.get("value", "").strip():
            self.add_error("value", _g("请写明应该是什么。"))
        if cleaned.get("field") == OTHER:
            self._refuse_numbers(cleaned)
        return cleaned

    def _refuse_numbers(self, cleaned: dict) -> None:
        """Numbers have fields of their own, which are encrypted and written by one press."""
        for name in ("value", "text"):
            if mask_numbers(given := cleaned.get(name, "")) != given:
                self.add_error(
                    name, _g("更正号码请在上面选“身份证号”或“手机”；其他内容里不要写完整号码。")
                )

    def values(self) -> dict:
        """Arguments of ``ask_correction`` but for the member."""
        given = self.cleaned_data
        if given["field"] != OTHER:
            return given
        return {"field": "", "value": "", "text": f"{given['value']} {given['text']}".strip()}

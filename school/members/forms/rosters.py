"""Forms of rosters: the upload, the confirmation, what to take out."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from school.members.models import RosterExport
from school.members.roster.columns import BRANCH, BRANCH_CODE, COLUMNS, FLOATING, NAME, STAFF

ALWAYS = (STAFF, NAME)
PRESET = (BRANCH, BRANCH_CODE, "sex", "identity", "mobile", "kind", "post", "joined_on")


class UploadForm(forms.Form):
    """A roster file."""

    file = forms.FileField(
        label=gettext_lazy("花名册文件"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("请选择文件。")},
    )
    create_branches = forms.BooleanField(
        label=gettext_lazy("表中的党组织如果不存在，就新建"), required=False
    )

    def __init__(self, *args, may_create: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            ".xlsx 或 .csv，最大 %(size)d MB。上传后先核对，确认前不会改动任何数据。"
        ) % {"size": settings.ROSTER_MAX_BYTES >> 20}
        if not may_create:
            del self.fields["create_branches"]


class ConfirmForm(forms.Form):
    """How a previewed roster is written."""

    good_rows_only = forms.BooleanField(required=False)
    move_members = forms.BooleanField(required=False)


class ExportForm(forms.Form):
    """What to take out and what for."""

    columns = forms.MultipleChoiceField(
        label=gettext_lazy("栏目"),
        help_text=gettext_lazy("工号和姓名总在表中。"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (column.key, column.label)
            for column in COLUMNS
            if column.key not in (*ALWAYS, FLOATING)
        ],
        initial=PRESET,
    )
    reason = forms.CharField(
        label=gettext_lazy("用途"),
        max_length=100,
        help_text=gettext_lazy("印在表的第一行，并留下记录，例如“年度党内统计核对”。"),
    )
    format = forms.ChoiceField(
        label=gettext_lazy("格式"),
        choices=RosterExport.Format.choices,
        initial=RosterExport.Format.XLSX,
        widget=forms.RadioSelect,
    )
    full_numbers = forms.BooleanField(
        label=gettext_lazy("需要完整的身份证号、手机号和住址（要由另一名党委管理员批准）"),
        required=False,
    )

"""Forms of the video admin."""

from django import forms
from django.utils.translation import gettext_lazy as _

from media.models import Caption


class TitleForm(forms.Form):
    """The title of a video."""

    title = forms.CharField(label=_("标题"), max_length=200)


class CaptionForm(forms.Form):
    """A subtitle file and its language."""

    file = forms.FileField(
        label=_("字幕文件"),
        help_text=_("SRT、VTT、ASS、SSA 或 TTML，编码 UTF-8、UTF-16 或 GB18030，不超过 5 MB。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".srt,.vtt,.ass,.ssa,.ttml,.xml"}),
    )
    language = forms.ChoiceField(label=_("语言"), choices=Caption.Language.choices)

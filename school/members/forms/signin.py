"""Forms of signing in and of the first run."""

from django import forms
from django.utils.translation import gettext_lazy as _

from school.members.services.second_step import Proof


class SignInForm(forms.Form):
    account = forms.CharField(
        label=_("工号或手机号"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    secret = forms.CharField(
        label=_("密码或一次性登录码"),
        max_length=128,
        strip=False,
        help_text=_("第一次登录，请输入支部发给的一次性登录码。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("新密码"),
        max_length=128,
        strip=False,
        help_text=_("至少 10 位，包含小写字母、大写字母、数字、其他符号中的三种。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再输入一次"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("password") != cleaned.get("again"):
            self.add_error("again", _("两次输入的密码不一样。"))
        return cleaned


class ChangePasswordForm(PasswordForm):
    present = forms.CharField(
        label=_("现在的密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ["present", "password", "again"]


class ProveForm(forms.Form):
    password = forms.CharField(
        label=_("密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class AppForm(forms.Form):
    code = forms.CharField(
        label=_("验证器上的 6 位数字"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class PasskeyForm(forms.Form):
    name = forms.CharField(
        label=_("名称"),
        max_length=30,
        required=False,
        help_text=_("例如“我的手机”，便于以后辨认。"),
    )
    credential = forms.CharField(max_length=20_000, widget=forms.HiddenInput)


class SecondStepForm(forms.Form):
    code = forms.CharField(
        label=_("验证器上的 6 位数字，或恢复码"),
        max_length=20,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )
    credential = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)

    def clean(self) -> dict:
        cleaned = super().clean()
        if not cleaned.get("code") and not cleaned.get("credential"):
            self.add_error("code", _("请输入验证器上的 6 位数字，或恢复码。"))
        return cleaned

    @property
    def proof(self) -> Proof:
        return Proof(self.cleaned_data["code"], self.cleaned_data["credential"])


class CorrectionForm(forms.Form):
    correction = forms.CharField(
        label=_("哪里不对"),
        max_length=300,
        required=False,
        help_text=_("信息不对时填写，例如“所在支部应为机电队党支部”。没有问题就留空。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

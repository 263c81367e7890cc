"""Password rules: three of four character classes, no own number, none of the last few."""

import re

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from school.members.models import Member, PasswordUsed

CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")


class CharacterClassValidator:
    """At least three of: lower case, upper case, digit, other character."""

    def __init__(self, required: int = 3) -> None:
        self.required = required

    def validate(self, password: str, user=None) -> None:
        if sum(bool(re.search(c, password)) for c in CLASSES) < self.required:
            raise ValidationError(self.get_help_text(), code="password_classes")

    def get_help_text(self) -> str:
        return _("密码要包含小写字母、大写字母、数字、其他符号中的至少三种。")


class OwnNumberValidator:
    """The password must not contain the member's staff number."""

    def validate(self, password: str, user=None) -> None:
        number = getattr(user, "staff_number", "")
        if number and number.lower() in password.lower():
            raise ValidationError(self.get_help_text(), code="password_own_number")

    def get_help_text(self) -> str:
        return _("密码里不能含有自己的工号。")


class EarlierPasswordValidator:
    """The password must be none of the member's last few (setting), the present one included."""

    def validate(self, password: str, user=None) -> None:
        if getattr(user, "pk", None) and is_barred(user, password):
            raise ValidationError(self.get_help_text(), code="password_earlier")

    def get_help_text(self) -> str:
        count = settings.SIGN_IN_PASSWORDS_BARRED
        return _("不能使用最近 %(count)d 次用过的密码。") % {"count": count}


def is_barred(member: Member, password: str) -> bool:
    """Whether a password is the present one or one of the last few; costs a hash for each."""
    earlier = PasswordUsed.objects.filter(member=member).values_list("password", flat=True)
    last = list(earlier[: settings.SIGN_IN_PASSWORDS_BARRED])
    if member.has_usable_password() and member.password not in last:
        last.insert(0, member.password)
    return any(check_password(password, used) for used in last)

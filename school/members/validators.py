"""Password rules: three of four character classes, and not the member's own number."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

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

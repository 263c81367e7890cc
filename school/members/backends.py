"""Authentication by staff number or mobile number, with the same cost for unknown accounts."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet

from school.core.prepared import prepared
from school.members.models import Member
from school.members.models.member import MOBILE


def find_member(account: str) -> Member | None:
    """The member who is called by a staff number or by a mobile number, or None."""
    typed = account.strip()
    found = _numbered(typed.upper())
    member = found[0] if found else None
    if member is None and typed.isdigit() and len(typed) == 11:
        member = Member.objects.filter(MOBILE.matching(typed)).first()
    return member


@prepared
def _numbered(staff_number: str) -> QuerySet[Member]:
    return Member.objects.filter(staff_number=staff_number).order_by()


class MemberBackend(ModelBackend):
    """Django's backend with our look-up; every refusal costs one password hash."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        account = username or kwargs.get(Member.USERNAME_FIELD) or ""
        if password is None:
            return None
        asked, member = getattr(request, "found_member", None) or (None, None)
        if asked != account:
            member = find_member(account)
        if member is None or not member.has_usable_password():
            make_password(password)  # the time an existing account would take
            return None
        if member.check_password(password) and self.user_can_authenticate(member):
            return member
        return None

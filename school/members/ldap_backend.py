"""Passwords checked by a directory (django-auth-ldap), for members of the roster only.

Imported only where the host names a directory (``LDAP_URL``).
"""

import ldap
from django.conf import settings
from django_auth_ldap.backend import LDAPBackend, _LDAPUser
from django_auth_ldap.config import LDAPSearch

from school.members.backends import find_member
from school.members.models import Member

TIMEOUT_SECONDS = 5


class DirectoryBackend(LDAPBackend):
    """Looks a person up by staff number and binds with the password; makes and changes nobody."""

    def __init__(self) -> None:
        self.default_settings = {
            "USER_SEARCH": LDAPSearch(
                settings.SIGN_IN_LDAP_BASE, ldap.SCOPE_SUBTREE, settings.SIGN_IN_LDAP_FILTER
            ),
            "CONNECTION_OPTIONS": {
                ldap.OPT_NETWORK_TIMEOUT: TIMEOUT_SECONDS,
                ldap.OPT_TIMEOUT: TIMEOUT_SECONDS,
                ldap.OPT_REFERRALS: 0,
            },
        }

    def authenticate(self, request, username=None, password=None, **kwargs) -> Member | None:
        """An unknown account asks the directory too, so that it takes as long as a known one."""
        member = find_member(username or "")
        name = member.staff_number if member else username
        found = super().authenticate(request, username=name, password=password, **kwargs)
        return found if found is not None and found.is_active else None

    def get_or_build_user(self, username: str, ldap_user: _LDAPUser) -> tuple[Member, bool]:
        """The member of the roster; somebody who is only in the directory stays out."""
        member = Member.objects.filter(staff_number=username.strip().upper()).first()
        if member is None:
            raise ldap_user.AuthenticationFailed("not in the roster")
        return member, False

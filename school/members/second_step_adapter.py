"""What django-allauth asks of its host about authenticators: names, and how secrets are kept."""

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from school.core import crypto
from school.core.models import HostSettings

BOUND_TO = "mfa.authenticator.data"


class SecondStepAdapter(DefaultMFAAdapter):
    """Secrets are encrypted with the field key; the labels are the school's."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": _("验证没有通过。")}

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text, bound_to=BOUND_TO)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text, bound_to=BOUND_TO)

    def get_totp_issuer(self) -> str:
        return self._get_site_name()

    def _get_site_name(self) -> str:
        return HostSettings.for_request(self.request).school_name or _("网上党校")

    def _get_user_identifier(self, user) -> str:
        return user.staff_number

    def get_public_key_credential_user_entity(self, user) -> dict:
        return super().get_public_key_credential_user_entity(user) | {"display_name": user.name}

    def generate_authenticator_name(self, user, type: Authenticator.Type) -> str:
        return _("通行密钥 %(number)d") % {
            "number": Authenticator.objects.filter(user=user, type=type).count() + 1
        }

    def send_notification_mail(self, *args, **kwargs) -> None:
        """Members have no mail; what happened stands in the audit trail and on 账号安全."""

"""What saving the host's settings leaves behind: the notice it shows, and an entry in the trail."""

from django.db.models.signals import post_save, pre_save
from wagtail.log_actions import get_active_log_context

from school.core import clock
from school.core.audit import record
from school.core.models import HostSettings, PrivacyNotice

# Not told in the trail: the text stands under its version in ``PrivacyNotice``.
LONG = {"privacy_notice"}


def notice_in_force(host: HostSettings) -> PrivacyNotice:
    """The notice on personal information the host shows; kept the first time it is asked for."""
    notice, _made = PrivacyNotice.objects.get_or_create(
        version=host.privacy_version,
        defaults={"text": host.privacy_text, "since": clock.now()},
    )
    return notice


def follow() -> None:
    """Notice when settings are saved, by whatever way."""
    pre_save.connect(_remember, sender=HostSettings, dispatch_uid="host_before")
    post_save.connect(_keep, sender=HostSettings, dispatch_uid="host_after")


def _remember(sender, instance: HostSettings, **kwargs) -> None:
    instance._before = _values(HostSettings.objects.filter(pk=instance.pk).first())


def _keep(sender, instance: HostSettings, created: bool, raw: bool = False, **kwargs) -> None:
    if raw:
        return
    notice_in_force(instance)
    before, after = instance.__dict__.pop("_before", {}), _values(instance)
    changed = [name for name in after if before.get(name) != after[name]]
    if created or not changed:
        return
    told = [name for name in changed if name not in LONG]
    record(
        "core.settings_changed",
        actor=get_active_log_context().user,
        subject=instance,
        label=instance.school_name,
        fields={
            "changed": changed,
            "before": {name: before[name] for name in told},
            "after": {name: after[name] for name in told},
        },
    )


def _values(host: HostSettings | None) -> dict[str, str]:
    if host is None:
        return {}
    fields = [field.attname for field in HostSettings._meta.fields if field.editable]
    return {name: getattr(host, name) for name in fields}

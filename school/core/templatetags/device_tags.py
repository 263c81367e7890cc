"""What a page tells the browser about the device's own store."""

from django import template

from school.core import devices

register = template.Library()


@register.simple_tag
def member_key(member) -> str:
    """The name under which this browser keeps what the signed-in member studied."""
    return devices.member_key(member.pk)

"""Template tags of the design system: words for numbers, icons, places, small charts."""

import functools
import json

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe

from school.core import charts, clock, navigation, stylesheets, wording
from school.core.audit import trail
from school.core.viewsets.policies import audit_policy

register = template.Library()

register.filter("hours", wording.hours)
register.filter("duration", wording.duration)
register.filter("timecode", wording.timecode)
register.filter("percent_floor", wording.percent_floor)


@register.filter
def duration_ms(milliseconds: int | None) -> str:
    """Milliseconds in words, rounded down to seconds."""
    return wording.duration(None if milliseconds is None else int(milliseconds) // 1000)


@register.filter
def deadline(due) -> str:
    """What is left until a date or moment."""
    return wording.deadline(due, clock.today())


@register.filter
def deadline_tone(due) -> str:
    """``late``, ``warn`` or ``plain``."""
    return wording.deadline_tone(due, clock.today())


@register.filter
def day(value) -> str:
    """A date in a sentence."""
    return wording.day(value, clock.today())


@register.filter
def shortfall(due: int, credited: int) -> int:
    """What is still missing, never below 0 (same unit as the arguments)."""
    return max((due or 0) - (credited or 0), 0)


@register.filter
def json_attribute(value) -> str:
    """A value as JSON for a ``data-*`` attribute; the template escapes it."""
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


@register.filter
def own_address(target: str | None, request) -> str:
    """An address of this site as it is, anything else as the home page."""
    safe = request is not None and url_has_allowed_host_and_scheme(
        target or "", allowed_hosts={request.get_host()}
    )
    return target if safe and target else "/"


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """A drawing from the sprite; decorative unless ``label`` says what it means."""
    return _drawing(name, str(label), css)


@functools.lru_cache(maxsize=512)
def _drawing(name: str, label: str, css: str) -> SafeString:
    """The same few drawings stand on every page some twenty times: each is written once."""
    role = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')  # noqa: S308 - constant
    )
    return format_html(
        '<svg class="icon {}" {} focusable="false" width="20" height="20">'
        '<use href="{}#{}"></use></svg>',
        css,
        role,
        static("school/img/icons.svg"),
        name,
    )


@register.simple_tag
def stylesheet() -> str:
    """The address of the joined style sheet."""
    return static(stylesheets.BUNDLE)


@register.simple_tag(takes_context=True)
def navigation_links(context) -> dict:
    """The frame's places: ``main`` and ``menu`` (lists), ``search``, ``inbox``, ``sign_in``."""
    request = context.get("request")
    if request is None:
        return {"main": [], "menu": []}
    tools = {link.name: link for link in navigation.links(request, navigation.TOOL)}
    return {
        "main": navigation.links(request, navigation.MAIN),
        "menu": navigation.links(request, navigation.MENU),
        **tools,
    }


@register.inclusion_tag("components/sparkline.html")
def sparkline(values, label: str = "", unit: str = "") -> dict:
    """A 64×20 line with first and last value; fewer than two points give a sentence."""
    values = list(values or [])
    return {
        "points": charts.sparkline_points(values),
        "first": values[0] if values else None,
        "last": values[-1] if values else None,
        "label": label,
        "unit": unit,
    }


@register.inclusion_tag("components/month_bars.html")
def month_bars(months, this_month: int = 12, label: str = "") -> dict:
    """Twelve stacked bars (online solid, offline hatched) with the table behind."""
    months = list(months or [])
    bars = charts.month_bars(months, this_month=this_month)
    return {
        "bars": bars,
        "drawn": sum(1 for bar in bars if bar.total) >= 2,
        "label": label,
    }


@register.simple_tag(takes_context=True)
def trail_of(context: dict, subject) -> str:
    """Address of the audit trail of a person or a thing; empty for who may not read the trail."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not audit_policy.user_has_permission(user, "view"):
        return ""
    return trail.address_of(subject._meta.label_lower, subject.pk)

"""Rows that hold from one local day to another."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class DatedQuerySet(models.QuerySet):
    """Reads of dated rows; ``until`` is the first day on which the row no longer holds."""

    def on(self, day: date):
        """Rows that hold on a local day."""
        return self.filter(Q(until=None) | Q(until__gt=day), since__lte=day)

    def unfinished(self, day: date):
        """Rows that hold on a local day, or will later: without an end, or with one to come."""
        return self.filter(Q(until=None) | Q(until__gt=day))

    def open(self):
        """Rows without an end."""
        return self.filter(until=None)


class Dated(models.Model):
    """``since`` (first day) and ``until`` (first day after; empty: still holds)."""

    since = models.DateField(_("起始日期"))
    until = models.DateField(_("终止日期"), null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.until and self.since and self.until < self.since:
            raise ValidationError({"until": _("终止日期不能早于起始日期。")})


def ends_after_start(name: str) -> models.CheckConstraint:
    """The constraint every dated table carries."""
    return models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name=name)

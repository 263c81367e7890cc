"""One lock a member: whatever changes a member's evidence or credit holds the member's row."""

from django.db import connection

from school.members.models import Member


def lock_member(member_id: int) -> None:
    """Wait for and hold the member's row until the transaction ends.

    SQLite needs none: its transactions begin as the only writer (see settings, IMMEDIATE).
    """
    if connection.features.has_select_for_update:
        rows = Member.objects.select_for_update(no_key=True).filter(pk=member_id)
        list(rows.values_list("pk"))

"""Keep an uploaded roster and have it read."""

import os
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock, jobs
from school.core.errors import NotAllowed, TooMany
from school.members.models import Branch, Member, RosterImport
from school.members.permissions import scope_for
from school.members.services.roster_files import gone_unless_done, store
from school.members.services.rosters.ending import OPEN_STATES
from school.members.services.rosters.reading import READ

OPEN_IMPORTS = 5


@transaction.atomic
def upload_roster(
    *,
    branch: Branch,
    name: str,
    chunks: Iterable[bytes],
    by: Member | None,
    create_branches: bool = False,
) -> RosterImport:
    """Keep an uploaded roster and have it read in the background.

    Args:
        chunks: the content; cut off when it grows over the limit.

    Raises:
        DomainError: too large.
        NotAllowed: branches are to be made by somebody who may not.
        TooMany: too many imports of this person are open.
    """
    if create_branches and by is not None and not scope_for(by).may_manage(branch):
        raise NotAllowed(_("新建党组织要由党委管理员办理，请取消勾选后再上传。"))
    if by is not None:
        waiting = RosterImport.objects.filter(created_by=by, state__in=OPEN_STATES).count()
        if waiting >= OPEN_IMPORTS:
            raise TooMany(
                _("还有 %(count)d 份花名册没有办完，请先确认或取消。") % {"count": waiting}
            )
    roster = keep(branch, name, chunks, by, create_branches)
    with gone_unless_done(roster.file):
        roster.job = jobs.enqueue(READ, subject=roster, title=_("读取花名册"), by=by)
        roster.save(update_fields=["job"])
    return roster


def keep(
    branch: Branch, name: str, chunks: Iterable[bytes], by: Member | None, create_branches: bool
) -> RosterImport:
    """The row and the file of an import that nobody has read yet."""
    file = store(chunks)
    with gone_unless_done(file):
        return RosterImport.objects.create(
            branch=branch,
            name=os.path.basename(name)[-120:] or _("花名册"),
            file=file,
            create_branches=create_branches,
            created_by=by,
            created_at=clock.now(),
        )

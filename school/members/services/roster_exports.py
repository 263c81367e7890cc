"""Rosters that go out: masked at once, full numbers after another person has agreed, all traced."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from school.core import audit, clock, jobs
from school.core.errors import Conflict, DomainError, NotAllowed, TooMany
from school.core.models import Job
from school.members.models import (
    Branch,
    Member,
    MemberRecord,
    Membership,
    MemberStanding,
    PostHolding,
    RosterExport,
)
from school.members.permissions import scope_for
from school.members.roster import columns
from school.members.roster.columns import COLUMNS
from school.members.roster.planning import RECORD
from school.members.roster.sheets import head_of, write_csv, write_workbook
from school.members.selectors.people import members_of
from school.members.selectors.rosters import export_row_limit, may_answer_export
from school.members.services.roster_files import (
    gone_unless_done,
    new_file,
    remove_file,
    stored,
)

State = RosterExport.State
WRITE = "members.write_export"
CHUNK = 1_000
OPEN_EXPORTS = 5

# What an export may hold; the state says what the floating column would.
EXPORTABLE = tuple(c.key for c in COLUMNS if c.key != columns.FLOATING)
# Without these a corrected file could not be imported again.
ALWAYS = (columns.STAFF, columns.NAME)
PERSONAL = frozenset({columns.IDENTITY, columns.MOBILE, columns.ADDRESS, columns.MERITS})
HIDDEN = "****"


# -- asking --------------------------------------------------------------------------------------


@transaction.atomic
def ask_export(
    *,
    branch: Branch,
    keys: Iterable[str],
    reason: str,
    by: Member,
    full_numbers: bool = False,
    format: str = RosterExport.Format.XLSX,
) -> RosterExport:
    """Ask for the roster of a branch and what stands below it.

    Args:
        keys: columns; staff number and name always come along.
        reason: what it is for; stands in the file.
        full_numbers: waits for the agreement of another person.

    Raises:
        DomainError: no purpose named, or more rows than the role may take out.
        TooMany: too many are open.
    """
    if not reason.strip():
        raise DomainError(_("请写明用途，会印在表上并留下记录。"), field="reason")
    wanted = {*ALWAYS, *keys} & set(EXPORTABLE)
    full_numbers = full_numbers and bool(wanted & PERSONAL)
    _check_size(branch, by)
    mine = RosterExport.objects.filter(created_by=by)
    if mine.filter(state__in=(State.WAITING, State.WRITING)).count() >= OPEN_EXPORTS:
        raise TooMany(_("还有没办完的导出，请等它们办完再申请。"))
    export = RosterExport.objects.create(
        branch=branch,
        columns=[key for key in EXPORTABLE if key in wanted],
        full_numbers=full_numbers,
        reason=reason.strip()[:200],
        format=format,
        state=State.WAITING if full_numbers else State.WRITING,
        created_by=by,
        created_at=clock.now(),
    )
    _record("members.roster_export_asked", export, by)
    if not full_numbers:
        _start(export, by)
    return export


def _check_size(branch: Branch, by: Member) -> None:
    limit = export_row_limit(by, branch)
    count = members_of(branch).count()
    if count > limit:
        raise DomainError(
            _(
                "“%(branch)s”有 %(count)d 人，超过可导出的 %(limit)d 人。"
                "请选择下级党组织分别导出，或请上级管理员导出。"
            )
            % {"branch": branch.short_name, "count": count, "limit": limit}
        )


def _start(export: RosterExport, by: Member | None) -> None:
    export.job = jobs.enqueue(WRITE, subject=export, title=_("导出花名册"), by=by)
    export.save(update_fields=["job"])


# -- agreeing ------------------------------------------------------------------------------------


@transaction.atomic
def answer_export(*, export: RosterExport, agree: bool, by: Member) -> RosterExport:
    """Agree to full numbers in an export, or decline.

    Raises:
        NotAllowed: own request, or not a committee administrator above the branch.
        Conflict: answered or expired meanwhile.
    """
    held = _locked(export)
    if not may_answer_export(by, held):
        raise NotAllowed(_("完整号码的导出要由另一名党委管理员批准。"))
    if held.state != State.WAITING:
        raise Conflict(_("这项申请已经办理过了，请看最新的状态。"))
    held.state = State.WRITING if agree else State.DECLINED
    held.answered_by, held.answered_at = by, clock.now()
    held.save(update_fields=["state", "answered_by", "answered_at"])
    action = "members.roster_export_agreed" if agree else "members.roster_export_declined"
    _record(action, held, by)
    if agree:
        _start(held, by)
    return held


# -- writing -------------------------------------------------------------------------------------


@jobs.job_kind(WRITE, title=gettext_noop("导出花名册"))
def write_export_job(lease: jobs.Lease) -> dict:
    """Write the file of an export."""
    export = RosterExport.objects.select_related("branch", "created_by").get(
        pk=lease.job.subject_id
    )
    if export.state != State.WRITING:
        return {}
    if not scope_for(export.created_by).may_write(export.branch):
        RosterExport.objects.filter(pk=export.pk).update(state=State.FAILED)
        raise NotAllowed(_("申请人已没有办理该党组织花名册的权限。"))
    name = new_file()
    with gone_unless_done(name):
        write = write_csv if export.format == RosterExport.Format.CSV else write_workbook
        total = members_of(export.branch).count() or 1
        rows = write(
            stored(name),
            list(head_of(export.columns)),
            _told(export_rows(export), lease, total),
            watermark(export),
        )
        _finish(export, name, rows)
    return {"rows": rows}


def _told(rows: Iterator[list], lease: jobs.Lease, total: int) -> Iterator[list]:
    for done, row in enumerate(rows, 1):
        if done % CHUNK == 0:
            lease.progress(done / total, _("写到第 %(row)d 行") % {"row": done})
        yield row


@transaction.atomic
def _finish(export: RosterExport, name: str, rows: int) -> None:
    held = _locked(export)
    if held.state != State.WRITING:
        raise jobs.JobCancelled
    held.state, held.file, held.rows = State.READY, name, rows
    held.expires_at = clock.now() + timedelta(days=settings.ROSTER_KEEP_DAYS)
    held.save(update_fields=["state", "file", "rows", "expires_at"])
    _record("members.roster_exported", held, held.created_by)


def watermark(export: RosterExport) -> str:
    """The line above the head: who took it out, when, of which branch, for what."""
    by = export.created_by
    when = export.created_at.astimezone(clock.LOCAL)
    parts = [
        _("%(branch)s 党员花名册") % {"branch": export.branch.name},
        _("导出人 %(who)s") % {"who": f"{by.staff_number} {by.name}"},
        f"{when:%Y-%m-%d %H:%M}",
        _("用途：%(reason)s") % {"reason": export.reason},
    ]
    if export.full_numbers and export.answered_by:
        parts.append(_("批准人 %(who)s") % {"who": export.answered_by.staff_number})
    parts.append(_("含个人信息，请妥善保管，用后销毁"))
    return " · ".join(parts)


def export_rows(export: RosterExport) -> Iterator[list]:
    """The rows of an export in the order of staff numbers, chunk by chunk."""
    members = members_of(export.branch).iterator(chunk_size=CHUNK)
    while chunk := list(islice(members, CHUNK)):
        loaded = _Chunk(chunk)
        for member in chunk:
            known = loaded.row(member, full=export.full_numbers)
            yield [known.get(key, "") for key in export.columns]


class _Chunk:
    """What is written of some members, loaded in four queries."""

    def __init__(self, members: list[Member]) -> None:
        ids = [member.pk for member in members]
        day = clock.today()
        homes = Membership.objects.on(day).filter(kind=Membership.Kind.HOME, member_id__in=ids)
        self.homes = {row.member_id: row.branch for row in homes.select_related("branch")}
        standings = MemberStanding.objects.on(day).filter(member_id__in=ids)
        self.standings = {row.member_id: row for row in standings}
        self.records = {row.pk: row for row in MemberRecord.objects.filter(pk__in=ids)}
        self.posts: dict[int, list[str]] = defaultdict(list)
        posts = PostHolding.objects.on(day).filter(member_id__in=ids).order_by("post__rank")
        for member, branch, name in posts.values_list("member_id", "branch_id", "post__name"):
            home = self.homes.get(member)
            if home is not None and home.pk == branch:
                self.posts[member].append(name)

    def row(self, member: Member, *, full: bool) -> dict[str, object]:
        """Values by column key."""
        home, standing = self.homes.get(member.pk), self.standings.get(member.pk)
        record = self.records.get(member.pk) or MemberRecord(member=member)
        record.member = member
        values: dict[str, object] = {key: getattr(record, key) for key in RECORD}
        values |= {
            columns.BRANCH: home.name if home else "",
            columns.BRANCH_CODE: home.code if home else "",
            columns.STAFF: member.staff_number,
            columns.NAME: member.name,
            columns.SEX: record.get_sex_display() if record.sex else "",
            columns.KIND: standing.get_kind_display() if standing else "",
            columns.STATE: standing.get_state_display() if standing else "",
            columns.POST: "、".join(self.posts[member.pk]),
            columns.IDENTITY: member.identity if full else member.masked_identity,
            columns.MOBILE: member.mobile if full else member.masked_mobile,
            columns.ADDRESS: record.address if full else record.masked_address,
            columns.MERITS: record.merits if full or not record.merits else HIDDEN,
        }
        if record.veteran is not None:
            values["veteran"] = _("是") if record.veteran else _("否")
        return {key: "" if value is None else value for key, value in values.items()}


# -- taking and ending ---------------------------------------------------------------------------


def take_export(*, export: RosterExport, by: Member):
    """The path of a finished export, for its own asker; the trail keeps each download.

    Raises:
        NotAllowed: somebody else's, or the asker may no longer act for the branch.
        Conflict: not ready, or expired.
    """
    if export.created_by_id != by.pk or not scope_for(by).may_write(export.branch):
        raise NotAllowed(_("只有申请人能下载这份导出。"))
    path = stored(export.file) if export.file else None
    expired = export.expires_at is None or export.expires_at <= clock.now()
    if export.state != State.READY or expired or path is None or not path.exists():
        raise Conflict(_("这份导出已过期或还没有生成，请重新申请。"))
    _record("members.roster_downloaded", export, by)
    return path


@transaction.atomic
def withdraw_export(*, export: RosterExport, by: Member) -> None:
    """Take a request back, or remove a finished file before its time.

    Raises:
        NotAllowed: somebody else's.
        Conflict: it has ended already.
    """
    held = _locked(export)
    if held.created_by_id != by.pk:
        raise NotAllowed(_("只有申请人能撤回或删除这份导出。"))
    if held.state not in {State.WAITING, State.WRITING, State.READY}:
        raise Conflict(_("这份导出已经结束。"))
    _end(held, State.EXPIRED)
    _record("members.roster_export_withdrawn", held, by)


def sweep_exports() -> int:
    """End what has expired or failed, and remove its files; returns how many."""
    now = clock.now()
    old = now - timedelta(days=settings.ROSTER_KEEP_DAYS)
    ended = 0
    for export in RosterExport.objects.filter(state=State.READY, expires_at__lte=now):
        _end(export, State.EXPIRED)
        ended += 1
    ended += RosterExport.objects.filter(state=State.WAITING, created_at__lt=old).update(
        state=State.EXPIRED
    )
    ended += RosterExport.objects.filter(
        state=State.WRITING, job__state__in=(Job.State.FAILED, Job.State.CANCELLED)
    ).update(state=State.FAILED)
    return ended


def _end(export: RosterExport, state: str) -> None:
    file = export.file
    export.state, export.file = state, ""
    export.save(update_fields=["state", "file"])
    transaction.on_commit(lambda: remove_file(file))


def _locked(export: RosterExport) -> RosterExport:
    rows = RosterExport.objects.select_for_update(of=("self",))
    return rows.select_related("branch", "created_by", "answered_by").get(pk=export.pk)


def _record(action: str, export: RosterExport, by: Member) -> None:
    audit.record(
        action,
        actor=by,
        subject=export.branch,
        fields={
            "export": export.pk,
            "rows": export.rows,
            "columns": export.columns,
            "full_numbers": export.full_numbers,
            "reason": export.reason,
        },
    )

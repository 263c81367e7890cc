"""学时申诉: opened by the member, verified by the branch, decided by the office; late ones go up.

Nobody verifies or decides what is his own, and who has verified does not decide.
"""

from datetime import date

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.core.language import school_language
from school.members.models import Member
from school.members.selectors.people import home_branch
from school.notices.services import tell
from school.study.models import Completion, Dispute, DisputeStep, HourEntry, StudyItem
from school.study.presets import dispute_deadline
from school.study.registry import outstanding
from school.study.rules import origins
from school.study.selectors.cycles import latest_cycle
from school.study.selectors.disputes import acting_on, missing_source, who_has_it
from school.study.selectors.officers import above_own
from school.study.services.completion import Evidence, consider
from school.study.services.ledger import correct_entry, post_decided

Act, Kind, State = DisputeStep.Act, Dispute.Kind, Dispute.State
OPEN_LIMIT = 10
MOST_CREDIT = 10_000  # hundredths: nobody disputes more than 100 学时 in one matter


@transaction.atomic
def open_dispute(
    *,
    member: Member,
    kind: str,
    studied_on: date,
    text: str,
    entry: HourEntry | None = None,
    item: StudyItem | None = None,
) -> Dispute:
    """Say that something is missing or wrong.

    Args:
        studied_on: local day of the study it is about.
        entry: the line it is about, one's own; its item and day are taken.
        item: what was studied, where there is no line.

    Raises:
        DomainError: no words, a day to come, or nothing named that the kind needs.
        Conflict: too many are open, the same is, or the member belongs to no branch.
    """
    text = text.strip()[:500]
    if not text:
        raise DomainError(_("请写明情况：学了什么、什么时候学的、哪里不对。"), field="text")
    if entry is not None:
        item, studied_on = entry.item, entry.studied_on
    _check(member, kind, studied_on, entry, item)
    branch = home_branch(member)
    if branch is None:
        raise Conflict(_("还没有所在支部，不能提交申诉，请先联系支部办理组织关系。"))
    dispute = Dispute.objects.create(
        member=member,
        kind=kind,
        entry=entry,
        item=item,
        studied_on=studied_on,
        text=text,
        branch=branch,
        holder=above_own(member, branch),
        due_on=dispute_deadline(clock.today()),
        opened_at=clock.now(),
    )
    _step(dispute, Act.SUBMITTED, member, text)
    return dispute


def _check(
    member: Member, kind: str, day: date, entry: HourEntry | None, item: StudyItem | None
) -> None:
    if kind not in Kind.values:
        raise DomainError(_("请选择申诉事项。"), field="kind")
    if day > clock.today():
        raise DomainError(_("学习日期不能晚于今天。"), field="studied_on")
    if kind == Kind.WRONG and entry is None:
        raise DomainError(_("请在“我的学时”里从有误的那条记录提出申诉。"), field="kind")
    if kind == Kind.UNFINISHED and item is None:
        raise DomainError(_("请选择已学完的内容。"), field="item")
    if entry is not None and (entry.member_id != member.pk or entry.reverses_id):
        raise DomainError(_("这条学时记录不能申诉，请刷新页面后重选。"), field="entry")
    mine = Dispute.objects.filter(member=member, state__in=Dispute.OPEN)
    if mine.count() >= OPEN_LIMIT:
        raise Conflict(_("办理中的申诉较多，请等办结后再提。"))
    same = mine.filter(entry=entry)
    if entry is None:
        same = same.filter(item=item, studied_on=day, kind=kind)
    if same.exists():
        raise Conflict(_("同一事项的申诉正在办理，请在“学时申诉”里查看。"))


@transaction.atomic
def withdraw_dispute(*, dispute: Dispute, by: Member) -> Dispute:
    """Take one's own dispute back.

    Raises:
        NotAllowed: it is another's.
        Conflict: it is settled.
    """
    dispute = _held(dispute)
    if dispute.member_id != by.pk:
        raise NotAllowed(_("只能撤回自己的申诉。"))
    _open_or_conflict(dispute)
    return _close(dispute, State.WITHDRAWN, Act.WITHDRAWN, by, "")


@transaction.atomic
def verify_dispute(*, dispute: Dispute, finding: str, note: str, by: Member) -> Dispute:
    """Write down what the branch has found; the office decides.

    Raises:
        NotAllowed: one's own.
        DomainError: no finding, or no word on how it was found.
        Conflict: it is not with a branch any more.
    """
    dispute = _held(dispute)
    _not_own(dispute, by)
    if dispute.state != State.SUBMITTED:
        raise Conflict(_("这项申诉已不在核实阶段，请刷新页面。"))
    if finding not in Dispute.Finding.values or not finding:
        raise DomainError(_("请选择核实结论。"), field="finding")
    if not note.strip():
        raise DomainError(_("请写明怎样核实的、依据是什么。"), field="note")
    dispute.finding = finding
    _pass_on(dispute)
    with school_language():
        found = f"{dispute.get_finding_display()}。{note.strip()}"
    _step(dispute, Act.VERIFIED, by, found)
    return dispute


def _pass_on(dispute: Dispute) -> None:
    """To the office, with a step of its own."""
    dispute.state, dispute.holder, dispute.raised = State.VERIFIED, dispute.branch, 0
    dispute.due_on = dispute_deadline(clock.today())
    dispute.save(update_fields=["state", "holder", "raised", "due_on", "finding"])


@transaction.atomic
def uphold_record(*, dispute: Dispute, reason: str, by: Member) -> Dispute:
    """Decide that the record stays as it is, with the reason the member reads.

    Raises:
        NotAllowed, Conflict: see ``correct_record``.
        DomainError: no reason.
    """
    dispute = _to_decide(dispute, reason, by)
    return _close(dispute, State.UPHELD, Act.UPHELD, by, reason)


@transaction.atomic
def correct_record(
    *,
    dispute: Dispute,
    reason: str,
    by: Member,
    credit: int | None = None,
    source: str = "",
) -> Dispute:
    """Decide for the member: the record is put right by further lines.

    What belongs to a closed year goes to the list of late arrivals.

    Args:
        credit: hundredths of 学时 that are right for the matter; None where the line is simply
            void, or where completion itself pays by the rule. Caps do not cut them.
        source: what hours without a line of their own are booked as; "": ``missing_source``.

    Raises:
        NotAllowed: one's own, or verified by the same person.
        DomainError: no reason, or no figure where one is needed.
        Conflict: not before the office, or the item asks for more (a quiz) before it is finished.
    """
    dispute = _to_decide(dispute, reason, by)
    if dispute.kind == Kind.UNFINISHED:
        dispute.completion = _recognise(dispute)
    elif dispute.entry is not None:
        dispute.booked = correct_entry(
            entry=dispute.entry, reason=reason, by=by, credit=credit or None
        )
    else:
        dispute.booked = _book(dispute, credit, source or missing_source(dispute), reason)
    return _close(dispute, State.CORRECTED, Act.CORRECTED, by, reason)


def _book(dispute: Dispute, credit: int | None, source: str, reason: str) -> HourEntry:
    if not credit or not 0 < credit <= MOST_CREDIT:
        raise DomainError(_("请填写应补记的学时，大于 0，最多 100。"), field="credit")
    with school_language():
        title = dispute.title
    return post_decided(
        member_id=dispute.member_id,
        title=title,
        source=source,
        studied_on=dispute.studied_on,
        origin=f"{origins.DISPUTE}:{dispute.pk}",
        item=dispute.item,
        note=reason,
        award=credit,
    )


def _recognise(dispute: Dispute) -> Completion:
    revision = dispute.item.current if dispute.item else None
    if revision is None:
        raise Conflict(_("该内容已没有可认定的版本，请改为维持并说明。"))
    cycle = latest_cycle(dispute.member_id, revision.pk)
    completion = consider(
        member_id=dispute.member_id,
        revision=revision,
        cycle=cycle,
        evidence=Evidence.MANUAL,
        on=dispute.studied_on,
        origin=f"{origins.DISPUTE}:{dispute.pk}",
    )
    if completion is None:
        left = outstanding(revision, dispute.member_id, cycle)
        raise Conflict(
            _("还不能认定学完，另有要求未完成：%(what)s")
            % {"what": "；".join(each.text for each in left)}
        )
    return completion


def _to_decide(dispute: Dispute, reason: str, by: Member) -> Dispute:
    dispute = _held(dispute)
    _not_own(dispute, by)
    if dispute.state != State.VERIFIED:
        raise Conflict(_("这项申诉不在裁定阶段，请刷新页面。"))
    if dispute.steps.filter(act=Act.VERIFIED, done_by=by).exists():
        raise NotAllowed(_("核实和裁定不能由同一人办理，请由其他教务人员裁定。"))
    if not reason.strip():
        raise DomainError(_("请写明裁定理由，本人能看到。"), field="reason")
    return dispute


def _held(dispute: Dispute) -> Dispute:
    rows = Dispute.objects.select_for_update(of=("self",))
    return rows.select_related("member", "branch", "holder", "entry", "item__current").get(
        pk=dispute.pk
    )


def _not_own(dispute: Dispute, by: Member) -> None:
    if dispute.member_id == by.pk:
        raise NotAllowed(_("本人的申诉要由其他管理人员或上级办理。"))


def _open_or_conflict(dispute: Dispute) -> None:
    if not dispute.is_open:
        raise Conflict(
            _("这项申诉已办结（%(state)s），请刷新页面。") % {"state": dispute.get_state_display()}
        )


def _close(dispute: Dispute, state: str, act: str, by: Member, note: str) -> Dispute:
    dispute.state, dispute.closed_at = state, clock.now()
    dispute.save(update_fields=["state", "closed_at", "booked", "completion"])
    _step(dispute, act, by, note.strip()[:300])
    return dispute


def _step(dispute: Dispute, act: str, by: Member | None, note: str = "") -> None:
    DisputeStep.objects.create(
        dispute=dispute, act=act, at=clock.now(), done_by=by, branch=dispute.holder, note=note[:300]
    )
    audit.record(
        f"study.dispute_{act}",
        actor=by,
        subject=dispute.member,
        fields={"dispute": dispute.pk, "finding": dispute.finding},
    )
    _tell(dispute, act, by)


@school_language()
def _tell(dispute: Dispute, act: str, by: Member | None) -> None:
    """The member who has it now or what became of it; and who has to act."""
    if act not in {Act.SUBMITTED, Act.WITHDRAWN}:
        tell(
            member_ids=[dispute.member_id],
            title=_("学时申诉：%(state)s") % {"state": dispute.get_state_display()},
            body=who_has_it(dispute),
            path=reverse("study:dispute", args=[dispute.pk]),
        )
    if dispute.is_open and (ids := set(acting_on(dispute)) - {dispute.member_id}):
        tell(
            member_ids=ids,
            title=_("有学时申诉等待办理"),
            body=_("%(name)s：%(title)s，请在 %(day)s 前办理。")
            % {"name": dispute.member.name, "title": dispute.title, "day": dispute.due_on},
            path=reverse("study:dispute_case", args=[dispute.pk]),
        )


def raise_overdue() -> int:
    """Send what was not dealt with in time one level up; returns how many matters."""
    late = Dispute.objects.filter(state__in=Dispute.OPEN, due_on__lt=clock.today())
    return sum(_raise(pk) for pk in late.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _raise(pk: int) -> bool:
    dispute = _held(Dispute(pk=pk))
    if not dispute.is_open or dispute.due_on >= clock.today():
        return False
    above = dispute.holder.get_parent()
    if above is None and dispute.state == State.SUBMITTED:
        _pass_on(dispute)  # nobody is left to verify: the office decides on what there is
    else:
        dispute.holder = above or dispute.holder
        dispute.raised += 1
        dispute.due_on = dispute_deadline(clock.today())
        dispute.save(update_fields=["holder", "raised", "due_on"])
    _step(dispute, Act.RAISED, None)
    return True

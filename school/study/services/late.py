"""逾期上传: evidence that came too late counts, or does not, as a person decides.

What is accepted is judged by the same judge and posted by the same way as evidence that came in
time: for the days on which it was studied, within the time still free, the caps and the year. Is
that year closed, its hours go to the list of late arrivals. Nobody decides on what is his own.
"""

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import audit, clock, wording
from school.core.errors import Conflict, DomainError, NotAllowed
from school.core.language import school_language
from school.members.models import Member
from school.notices.services import tell
from school.study.models import LateReport, LateStudy, Report
from school.study.rules.tokens import Claim
from school.study.selectors.late import late_studies, may_decide_late
from school.study.services.ledger import post_studied
from school.study.services.locks import lock_member
from school.study.services.sinks.batches import Batch
from school.study.services.sinks.post import post

State = LateStudy.State


@transaction.atomic
def accept_late_study(*, study: LateStudy, by: Member, reason: str) -> LateStudy:
    """Let a visit count that was reported too late.

    Raises:
        NotAllowed: one's own, or of a branch one does not write for.
        DomainError: no word on how it was found to be true.
        Conflict: it has been decided already, or the member's account has been stopped.
    """
    study = _to_decide(study, by)
    if not reason.strip():
        raise DomainError(_("请写明怎样核实的、依据是什么。"), field="reason")
    if not study.member.is_active:
        raise Conflict(_("该党员账号已停用，不能认定，请先恢复账号或不予认定。"))
    kept = list(study.reports.order_by("seq"))
    post([_batch(study, report) for report in kept])
    session = study.session
    post_studied(member_id=study.member_id, revision=session.revision, cycle=session.cycle)
    posted = Report.objects.filter(session=session, seq__in=[report.seq for report in kept])
    study.counted_ms = sum(posted.values_list("studied_ms", flat=True))
    return _decide(study, State.ACCEPTED, by, reason)


def _batch(study: LateStudy, report: LateReport) -> Batch:
    """A kept batch as the sinks post it; its token was proved when it came."""
    segments, answers = report.evidence()
    session = study.session
    claim = Claim(
        sid=session.pk,
        member_id=session.member_id,
        revision_id=session.revision_id,
        length=session.revision.axis_length,
        expires=int(session.expires_at.timestamp()),
        max_rate=session.max_rate,
    )
    return Batch(claim, report.seq, segments, answers, report.received_at, admitted=True)


@transaction.atomic
def refuse_late_study(*, study: LateStudy, by: Member, reason: str) -> LateStudy:
    """Let a visit that was reported too late count for nothing, with the reason the member reads.

    Raises:
        NotAllowed, Conflict: see ``accept_late_study``.
        DomainError: no reason.
    """
    study = _to_decide(study, by)
    if not reason.strip():
        raise DomainError(_("请写明不予认定的理由，本人能看到。"), field="reason")
    return _decide(study, State.REFUSED, by, reason)


def _to_decide(study: LateStudy, by: Member) -> LateStudy:
    lock_member(study.member_id)  # first, as posting does
    study = late_studies().select_for_update(of=("self",)).get(pk=study.pk)
    if study.member_id == by.pk:
        raise NotAllowed(_("本人的逾期上传要由其他管理人员或上级核实。"))
    if not study.is_open:
        raise Conflict(
            _("这次学习已由他人核实（%(state)s），请刷新页面。")
            % {"state": study.get_state_display()}
        )
    if not may_decide_late(by, study):
        raise NotAllowed(_("这次学习不由您核实。"))
    return study


def _decide(study: LateStudy, state: str, by: Member, reason: str) -> LateStudy:
    study.state, study.reason = state, reason.strip()[:200]
    study.decided_by, study.decided_at = by, clock.now()
    study.save(update_fields=["state", "reason", "decided_by", "decided_at", "counted_ms"])
    audit.record(
        f"study.late_evidence_{state}",
        actor=by,
        subject=study.member,
        fields={"batches": study.batches, "counted": study.counted, "reason": study.reason},
    )
    _tell(study)
    return study


@school_language()
def _tell(study: LateStudy) -> None:
    """The member hears what became of it."""
    if study.state == State.ACCEPTED:
        title = _("逾期上传的学习已认定")
        words = _("%(title)s（%(day)s）核实后计入 %(time)s。%(reason)s")
    else:
        title = _("逾期上传的学习不予认定")
        words = _("%(title)s（%(day)s）：%(reason)s")
    body = words % {
        "title": study.title,
        "day": study.studied_on,
        "time": wording.duration(study.counted),
        "reason": study.reason,
    }
    path = f"{reverse('study:hours')}?year={study.studied_on.year}"
    tell(member_ids=[study.member_id], title=title, body=body, path=path)

"""提醒学习: a message to the members of a branch who have not finished a plan."""

from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import clock, wording
from school.core.errors import DomainError
from school.core.language import school_language
from school.members.models import Branch, Member
from school.notices.services import Sent, remind
from school.plans.models import StudyPlan
from school.reports.selectors.board import person_rows


@transaction.atomic
def remind_unfinished(
    *, node: Branch, plan: StudyPlan, member_ids: Iterable[int], by: Member
) -> Sent:
    """Remind the chosen members of a branch of a plan; who has finished by now is left out.

    Raises:
        DomainError: none of the chosen still has to finish the plan here.
    """
    today = clock.today()
    unfinished = {
        row.member_id
        for row in person_rows(node, plan, today, study=False)
        if row.figures and row.figures.open
    }
    chosen = unfinished.intersection(member_ids)
    if not chosen:
        raise DomainError(_("没有可以提醒的人：请先选择还没有学完的党员。"))
    last = (plan.make_up_until or plan.ends_on) if today > plan.ends_on else plan.ends_on
    with school_language():
        title = _("请完成《%s》") % plan.title
        body = _("截止 %(day)s，%(left)s。请打开任务页继续学习。") % {
            "day": wording.day(last, today),
            "left": wording.deadline(last, today),
        }
    return remind(
        member_ids=chosen,
        title=title,
        body=body,
        path=reverse("plans:tasks"),
        topic=f"plan:{plan.pk}",
        by=by,
    )

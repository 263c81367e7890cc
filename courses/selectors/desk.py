"""The instructor's desk: own manuscripts and where each of them is."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.translation import gettext as _
from wagtail.models import Page, TaskState, WorkflowState

from courses import models, permissions
from school.members.models import Member

NEWEST = 30


@dataclass(frozen=True)
class Manuscript:
    """One page of an instructor: its state in a word, who has it, what was said."""

    page: Page
    state: str
    label: str
    who: str
    reason: str
    changed_at: datetime | None
    live_url: str


def manuscripts(member: Member) -> list[Manuscript]:
    """The member's newest pages, those that need care first."""
    pages = list(
        Page.objects.filter(depth__gt=2)
        .filter(Q(owner=member) | Q(latest_revision__user=member))
        .filter(content_type__in=_types())
        .select_related("latest_revision", "content_type")
        .order_by("-latest_revision_created_at")[:NEWEST]
    )
    states = _open_states(pages)
    made = [_describe(page, states.get(str(page.pk))) for page in pages]
    order = {"returned": 0, "draft": 1, "review": 2, "changed": 3, "live": 4, "down": 5}
    return sorted(made, key=lambda each: order[each.state])


def _types():
    found = ContentType.objects.get_for_models(
        models.ArticlePage, models.LessonPage, models.CoursePage, models.TopicPage, models.NewsPage
    )
    return found.values()


def _open_states(pages: list[Page]) -> dict[str, WorkflowState]:
    states = (
        WorkflowState.objects.active()
        .filter(object_id__in=[str(page.pk) for page in pages])
        .select_related("current_task_state", "requested_by", "base_content_type")
    )
    return {
        state.object_id: state for state in states if state.base_content_type.model_class() is Page
    }


def _describe(page: Page, workflow: WorkflowState | None) -> Manuscript:
    state, label, who, reason = "draft", _("草稿"), _("本人"), ""
    task = workflow.current_task_state if workflow else None
    if task is not None and task.status == TaskState.STATUS_IN_PROGRESS:
        names = "、".join(member.name for member in permissions.reviewers_of(page))
        state, label, who = "review", _("待审"), names or _("还没有审核人，请联系教务")
    elif task is not None and task.status == TaskState.STATUS_REJECTED:
        by = task.finished_by
        state, label, reason = "returned", _("退回"), task.comment
        who = _("本人（由%(name)s退回）") % {"name": by.name} if by else _("本人")
    elif page.live and page.has_unpublished_changes:
        state, label = "changed", _("已发布，有未发布的修改")
    elif page.live:
        state, label, who = "live", _("已发布"), ""
    elif page.first_published_at:
        state, label = "down", _("已撤下")
    return Manuscript(
        page=page,
        state=state,
        label=label,
        who=who,
        reason=reason,
        changed_at=page.latest_revision_created_at,
        live_url=page.url if page.live else "",
    )

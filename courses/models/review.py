"""The step of review: who may take it is asked of role grants, not of Wagtail groups."""

from django.utils.translation import gettext_lazy as _
from wagtail.models import Task, TaskState

from courses import permissions


class ReviewTask(Task):
    """A reviewer of the section, or of a branch above it, approves or sends back with a reason."""

    class Meta:
        verbose_name = _("栏目审核")
        verbose_name_plural = _("栏目审核")

    def user_can_access_editor(self, obj, user) -> bool:
        return permissions.may_review(obj, user)

    def locked_for_user(self, obj, user) -> bool:
        return not permissions.may_review(obj, user)

    def get_actions(self, obj, user):
        """Approve, or send back with a reason; nobody decides on what he submitted himself."""
        state = obj.current_workflow_state
        own = state is not None and state.requested_by_id == user.pk
        if not permissions.may_review(obj, user) or (own and not user.is_superuser):
            return []
        return [
            ("reject", _("退回修改"), True),
            ("approve", _("通过并发布"), False),
        ]

    def get_task_states_user_can_moderate(self, user, **kwargs):
        open_states = self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS)
        if user.is_superuser:
            return open_states
        pages = permissions.review_pages(user)
        if not pages.exists():
            return open_states.none()
        from django.db.models import CharField
        from django.db.models.functions import Cast

        ids = pages.annotate(text_id=Cast("pk", CharField())).values("text_id")
        return open_states.filter(
            workflow_state__object_id__in=ids,
            workflow_state__base_content_type__app_label="wagtailcore",
            workflow_state__base_content_type__model="page",
        ).exclude(workflow_state__requested_by=user)

    @classmethod
    def get_description(cls) -> str:
        return _("由栏目的审核人通过或退回")

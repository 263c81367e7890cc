"""Who may look at the machine room."""

from wagtail.permission_policies import ModelPermissionPolicy

from school.core.models import AuditEntry, Job


class LookOnlyPolicy(ModelPermissionPolicy):
    """Rows that nobody adds, edits or deletes by hand; ``change`` only opens the row's actions."""

    def user_has_permission(self, user, action) -> bool:
        return action in {"view", "change"} and super().user_has_permission(user, action)

    def user_has_any_permission(self, user, actions) -> bool:
        return any(self.user_has_permission(user, action) for action in actions)


job_policy = LookOnlyPolicy(Job)
audit_policy = LookOnlyPolicy(AuditEntry)

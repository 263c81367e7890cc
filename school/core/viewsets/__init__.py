"""The machine room in the admin: background jobs and the audit trail."""

from school.core.viewsets.audit import AuditViewSet
from school.core.viewsets.jobs import JobViewSet
from school.core.viewsets.policies import audit_policy, job_policy

__all__ = ["AuditViewSet", "JobViewSet", "audit_policy", "job_policy"]

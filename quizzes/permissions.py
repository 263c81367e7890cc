"""Who may write questions and papers: check and filter from one object."""

import functools

from django.db.models import Q, QuerySet

from quizzes.models import Paper, Question, QuestionBank
from school.core.errors import NotAllowed, NotFound
from school.members.models import Member, RoleGrant
from school.members.permissions import scope_for

Role = RoleGrant.Role
AUTHORS = frozenset({Role.INSTRUCTOR, Role.REVIEWER, Role.SCHOOL_ADMIN, Role.COMMITTEE_ADMIN})


class Authoring:
    """What one member may write today. A grant reaches the subtree of its branch.

    Banks and papers without a branch belong to the whole school: every author may draw from such a
    bank, only a superuser changes it.
    """

    def __init__(self, member: Member) -> None:
        self.scope = scope_for(member)

    @functools.cached_property
    def _paths(self) -> list[str]:
        grants = (grant for grant in self.scope.grants if grant.role in AUTHORS)
        branches = (g.branch or (g.section.branch if g.section else None) for g in grants)
        return sorted({branch.path for branch in branches if branch})

    @property
    def is_author(self) -> bool:
        """Whether there is anything to write."""
        return self.scope.is_superuser or bool(self._paths)

    def _own(self, prefix: str) -> Q:
        if self.scope.is_superuser:
            return Q()
        own = Q(pk__in=())
        for path in self._paths:
            own |= Q(**{f"{prefix}branch__path__startswith": path})
        return own

    @property
    def banks(self) -> QuerySet[QuestionBank]:
        """Banks that may be changed."""
        return QuestionBank.objects.filter(self._own(""))

    @property
    def usable_banks(self) -> QuerySet[QuestionBank]:
        """Banks that questions may be taken from."""
        if not self.is_author:
            return QuestionBank.objects.none()
        return QuestionBank.objects.filter(self._own("") | Q(branch=None))

    @property
    def questions(self) -> QuerySet[Question]:
        """Questions that may be changed."""
        return Question.objects.filter(self._own("bank__"))

    @property
    def papers(self) -> QuerySet[Paper]:
        """Papers that may be changed."""
        return Paper.objects.filter(self._own(""))

    def may_write(self, thing: QuestionBank | Question | Paper) -> bool:
        """The check that agrees with the three querysets."""
        if self.scope.is_superuser:
            return True
        owner = thing.bank if isinstance(thing, Question) else thing
        branch = owner.branch
        return branch is not None and any(branch.path.startswith(path) for path in self._paths)

    def bank_or_404(self, pk: int) -> QuestionBank:
        """A bank that may be changed.

        Raises:
            NotFound: there is none, or it is a foreign one.
            NotAllowed: it may be used but not changed.
        """
        bank = self.usable_banks.select_related("branch").filter(pk=pk).first()
        if bank is None:
            raise NotFound("没有找到这个题库,或不在管理范围内。")
        if not self.may_write(bank):
            raise NotAllowed("全校共用的题库由系统管理员维护。")
        return bank


def authoring_for(member: Member) -> Authoring:
    """The member's right to write, kept on the object for the request."""
    known = getattr(member, "_authoring", None)
    if known is None:
        known = member._authoring = Authoring(member)
    return known

"""Who may write questions and papers: check and filter from one object."""

import functools

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from wagtail.permission_policies.base import BasePermissionPolicy

from quizzes.models import Paper, PaperDraw, Question, QuestionBank, Sitting
from school.core import clock
from school.core.errors import NotAllowed, NotFound
from school.members.models import Branch, Member, RoleGrant
from school.members.permissions import scope_for
from school.study.models import StudyItem

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
    def _usable(self) -> Q:
        # An empty Q means everything alone, but nothing beside another one.
        return Q() if self.scope.is_superuser else self._own("") | Q(branch=None)

    @property
    def branches(self) -> QuerySet[Branch]:
        """Branches that banks and papers may be made for."""
        everything = Branch.objects.order_by("path")
        if self.scope.is_superuser:
            return everything
        own = Q(pk__in=())
        for path in self._paths:
            own |= Q(path__startswith=path)
        return everything.filter(own)

    @property
    def banks(self) -> QuerySet[QuestionBank]:
        """Banks that may be changed."""
        return QuestionBank.objects.filter(self._own(""))

    @property
    def usable_banks(self) -> QuerySet[QuestionBank]:
        """Banks that questions may be taken from."""
        if not self.is_author:
            return QuestionBank.objects.none()
        return QuestionBank.objects.filter(self._usable)

    @property
    def questions(self) -> QuerySet[Question]:
        """Questions that may be changed."""
        return Question.objects.filter(self._own("bank__"))

    @property
    def papers(self) -> QuerySet[Paper]:
        """Papers that may be changed."""
        return Paper.objects.filter(self._own(""))

    @property
    def usable_questions(self) -> QuerySet[Question]:
        """Questions that a paper may ask."""
        usable = Question.objects.filter(bank__in=self.usable_banks.values("pk"))
        return usable.filter(retired_at=None, current__isnull=False)

    @property
    def usable_papers(self) -> QuerySet[Paper]:
        """Papers that a lesson may link."""
        if not self.is_author:
            return Paper.objects.none()
        return Paper.objects.filter(self._usable)

    @property
    def sittings(self) -> QuerySet[Sitting]:
        """Sittings that may be changed."""
        return Sitting.objects.filter(self._own("paper__"))

    def writable(self, model: type[Model]) -> QuerySet:
        """What may be changed of a model."""
        return {
            QuestionBank: self.banks,
            Question: self.questions,
            Paper: self.papers,
            Sitting: self.sittings,
        }[model]

    def may_write(self, thing: QuestionBank | Question | Paper | Sitting) -> bool:
        """The check that agrees with the querysets of what may be changed."""
        if self.scope.is_superuser:
            return True
        owner = thing
        if isinstance(thing, Question):
            owner = thing.bank
        elif isinstance(thing, Sitting):
            owner = thing.paper
        branch = owner.branch
        return branch is not None and any(branch.path.startswith(path) for path in self._paths)

    def may_delete(self, thing: QuestionBank | Question | Paper | Sitting) -> bool:
        """Whether it may be changed and nothing has been made of it; a question is only retired."""
        if isinstance(thing, Question) or not self.may_write(thing):
            return False
        if isinstance(thing, QuestionBank):
            draws = PaperDraw.objects.filter(bank=thing)
            return not thing.questions.exists() and not draws.exists()
        if isinstance(thing, Paper):
            item = StudyItem.objects.filter(source_type="quizzes.paper", source_id=thing.pk)
            used = (item, thing.attempts, thing.sittings, thing.lesson_links)
            return not any(rows.exists() for rows in used)
        return not thing.attempts.exists()

    def bank_or_404(self, pk: int) -> QuestionBank:
        """A bank that may be changed.

        Raises:
            NotFound: there is none, or it is a foreign one.
            NotAllowed: it may be used but not changed.
        """
        bank = self.usable_banks.select_related("branch").filter(pk=pk).first()
        if bank is None:
            raise NotFound(_("没有找到这个题库，或不在管理范围内。"))
        if not self.may_write(bank):
            raise NotAllowed(_("全校共用的题库由系统管理员维护。"))
        return bank


def authoring_for(member: Member) -> Authoring:
    """The member's right to write, kept on the object for the request."""
    known = getattr(member, "_authoring", None)
    if known is None:
        known = member._authoring = Authoring(member)
    return known


class AuthoringPolicy(BasePermissionPolicy):
    """Wagtail's question, our answer: role grants, not groups, say who may write."""

    def user_has_permission(self, user: Member, action: str) -> bool:
        if action == "delete" and self.model is Question:
            return False
        return user.is_active and authoring_for(user).is_author

    def user_has_permission_for_instance(self, user: Member, action: str, instance: Model) -> bool:
        # What is in use is refused by the delete view itself; a list would pay for it in queries.
        if action == "delete" and isinstance(instance, Question):
            return False
        return user.is_active and authoring_for(user).may_write(instance)

    def instances_user_has_any_permission_for(self, user: Member, actions) -> QuerySet:
        return authoring_for(user).writable(self.model)

    def users_with_any_permission(self, actions) -> QuerySet[Member]:
        granted = RoleGrant.objects.on(clock.today()).filter(role__in=AUTHORS)
        return Member.objects.filter(
            Q(is_superuser=True) | Q(pk__in=granted.values("member_id")), is_active=True
        )

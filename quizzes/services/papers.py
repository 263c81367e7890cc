"""Papers: published they are study items that plans may ask for and lessons may require."""

import hashlib

from django.db import transaction

from quizzes.models import Paper
from quizzes.selectors.lessons import lesson_items
from quizzes.selectors.sheets import candidate_groups
from quizzes.services.outcome import PAPER_SOURCE
from school.core import audit, clock
from school.members.models import Member
from school.study.models import ItemRevision, StudyItem
from school.study.services.completion import want_reconsidering
from school.study.services.items import register_item, withdraw_item


@transaction.atomic
def publish_paper(*, paper: Paper, by: Member | None = None) -> ItemRevision:
    """Open a paper to its audience, or tell of a change in a published one.

    Raises:
        Conflict: there is nothing to ask, or a bank has too few questions.
    """
    candidate_groups(paper)
    if paper.published_at is None:
        paper.published_at = clock.now()
        paper.save(update_fields=["published_at"])
        audit.record("quizzes.paper_published", actor=by, subject=paper)
    return register_item(
        kind=StudyItem.Kind.QUIZ,
        source_type=PAPER_SOURCE,
        source_id=paper.pk,
        title=paper.title,
        path=paper.get_absolute_url(),
        audience=paper.audience,
        axis=ItemRevision.Axis.NONE,
        axis_length=0,
        study_ms=0,
        text_digest=hashlib.sha256(f"paper:{paper.pk}".encode()).hexdigest(),
    )


@transaction.atomic
def withdraw_paper(*, paper: Paper, by: Member | None = None) -> None:
    """Close a paper to new attempts; open ones may be finished, results stay."""
    if paper.published_at is not None:
        paper.published_at = None
        paper.save(update_fields=["published_at"])
        audit.record("quizzes.paper_withdrawn", actor=by, subject=paper)
    withdraw_item(source_type=PAPER_SOURCE, source_id=paper.pk)
    for item in lesson_items(paper.lesson_links.values("page_id")):
        want_reconsidering(item)

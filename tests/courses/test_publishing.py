"""Publishing makes an item and a search row; unpublishing keeps what was earned."""

import pytest

from courses.models import ArticlePage, CoursePage, CoursePart, EditKind
from school.study.models import ItemPart
from school.study.selectors import item_for
from search.models import Outbox
from tests.factories import courses as make
from tests.factories import members as people

pytestmark = pytest.mark.django_db
SOURCE = "courses.page"


@pytest.fixture
def place():
    committee, general, first, second = people.tree()
    return make.section(committee), first, second


def test_a_published_article_is_an_item_of_the_characters_of_its_body(place):
    page = make.article(place[0])
    item = item_for(SOURCE, page.pk)
    assert item.title == page.title
    assert item.path == page.url
    assert item.current.axis == "text"
    assert item.current.axis_length == sum(b.length for b in page.placed_body()) > 0
    assert Outbox.objects.filter(model_label="courses.articlepage", object_id=str(page.pk)).exists()


def test_a_draft_is_not_an_item(place):
    page = make.article(place[0], publish=False)
    assert item_for(SOURCE, page.pk) is None


def test_a_minor_edit_keeps_the_revision_and_study_again_makes_one(place):
    page = make.article(place[0], paragraphs=12)
    page.title = "改过的标题"
    page.save_revision().publish()
    assert item_for(SOURCE, page.pk).current.number == 1
    page = ArticlePage.objects.get(pk=page.pk)
    page.edit_kind = EditKind.AGAIN
    page.save_revision().publish()
    assert item_for(SOURCE, page.pk).current.number == 2


def test_study_again_holds_for_one_publication(place):
    page = make.article(place[0])
    page.edit_kind = EditKind.AGAIN
    page.save_revision().publish()
    page = ArticlePage.objects.get(pk=page.pk)
    assert page.edit_kind == EditKind.MINOR
    draft = page.get_latest_revision_as_object()
    assert draft.edit_kind == EditKind.MINOR
    draft.save_revision().publish()
    assert item_for(SOURCE, page.pk).current.number == 2


def test_unpublishing_withdraws_and_keeps_the_item(place):
    page = make.article(place[0])
    page.unpublish()
    item = item_for(SOURCE, page.pk)
    assert item is not None
    assert item.withdrawn_at is not None
    page.save_revision().publish()
    assert item_for(SOURCE, page.pk).withdrawn_at is None


def test_deleting_a_page_keeps_its_item(place):
    page = make.article(place[0])
    pk = page.pk
    page.delete()
    assert item_for(SOURCE, pk).withdrawn_at is not None


def test_a_course_takes_its_parts_in_order_and_one_published_later(place):
    first, late = make.article(place[0]), make.article(place[0], publish=False)
    course = CoursePage(title="课程", slug="course-parts")
    course.parts = [
        CoursePart(page=late, sort_order=0, required=False),
        CoursePart(page=first, sort_order=1),
    ]
    make.section_page(place[0]).add_child(instance=course)
    course.save_revision().publish()
    whole = item_for(SOURCE, course.pk)
    assert [p.part.source_id for p in whole.parts.all()] == [first.pk]
    late.save_revision().publish()
    rows = ItemPart.objects.filter(whole=whole).order_by("order")
    assert [(r.part.source_id, r.required) for r in rows] == [(late.pk, False), (first.pk, True)]


def test_moving_a_page_moves_the_path_of_its_item(place):
    other = make.section(people.branch())
    page = make.article(place[0])
    page.move(make.section_page(other), "last-child")
    page.refresh_from_db()
    assert item_for(SOURCE, page.pk).path == ArticlePage.objects.get(pk=page.pk).url

"""One person put right in a registered gathering: hours, time, viewing and make-up follow."""

import pytest
from django.urls import reverse

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed, NotFound
from school.core.models import AuditEntry
from school.gatherings.models import MakeUp
from school.gatherings.rules import Mark
from school.gatherings.services import cancel_gathering, close_gathering, correct_attendance
from school.members.models import RoleGrant
from school.notices.models import Delivery
from school.study.models import Completion, HourEntry, YearClose
from school.study.services.ledger import claim_wall, correct_entry
from school.study.services.rebuild import rebuild_hours
from tests.factories import gatherings as made
from tests.factories import members as make
from tests.factories.gatherings import HOUR, START, row_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene():
    """A booked gathering with one member there and one absent, and who looks after them."""
    _, general, first, other = make.tree()
    people = {
        "boss": make.officer(general, RoleGrant.Role.COMMITTEE_ADMIN),
        "secretary": make.officer(first),
        "deputy": make.officer(first),
        "there": make.member(first),
        "absent": make.member(first),
        "foreign": make.officer(other),
    }
    gathering = made.over(first, people["secretary"], [made.lesson()])
    states = {row_of(gathering, people["there"]).pk: "present"}
    close_gathering(gathering=gathering, states=states, by=people["secretary"])
    return gathering, people


def correct(scene, who, mark, by="secretary", reason="点错了"):
    gathering, people = scene
    row = row_of(gathering, people[who])
    return correct_attendance(
        gathering=gathering,
        attendance_id=row.pk,
        marks={gathering.sessions.get().pk: mark},
        reason=reason,
        by=people[by],
    )


def standing(member) -> list[tuple[int, int]]:
    lines = HourEntry.objects.in_force().filter(member=member)
    return list(lines.order_by("pk").values_list("seconds", "credit"))


def free(member) -> list[int]:
    return claim_wall(member_id=member.pk, start=START, end=START + HOUR)


def test_a_wrong_tick_is_taken_back_for_one_person_and_nobody_else(scene):
    gathering, people = scene
    correct(scene, "there", Mark("absent"))
    assert standing(people["there"]) == []
    assert not Completion.objects.in_force().filter(member=people["there"]).exists()
    asked = set(MakeUp.objects.values_list("member_id", flat=True))
    assert {people["there"].pk, people["absent"].pk} <= asked
    assert free(people["there"]) == [0, 3_600_000]
    told = AuditEntry.objects.get(action="gatherings.attendance_corrected")
    assert told.fields["reason"] == "点错了"
    assert Delivery.objects.filter(member=people["there"]).exists()
    assert not rebuild_hours().differences


def test_somebody_forgotten_is_booked_like_the_others_and_has_nothing_to_make_up(scene):
    gathering, people = scene
    assert MakeUp.objects.filter(member=people["absent"]).exists()
    correct(scene, "absent", Mark("present", 15))
    assert standing(people["absent"]) == [(2700, 75)]
    assert standing(people["there"]) == [(3600, 100)]
    done = Completion.objects.in_force().get(member=people["absent"])
    assert done.evidence == "group"
    assert not MakeUp.objects.filter(member=people["absent"]).exists()
    assert free(people["absent"]) == [0, 15 * 60_000]


def test_minutes_are_booked_anew_and_the_completion_stays_the_same_one(scene):
    gathering, people = scene
    before = Completion.objects.in_force().get(member=people["there"])
    correct(scene, "there", Mark("present", 10, 5))
    assert standing(people["there"]) == [(2700, 75)]
    assert Completion.objects.in_force().get(member=people["there"]) == before
    correct(scene, "there", Mark("present", 40))  # too short to have seen it
    assert standing(people["there"]) == [(1200, 33)]
    assert not Completion.objects.in_force().filter(member=people["there"]).exists()
    assert MakeUp.objects.filter(member=people["there"]).count() == 1
    correct(scene, "there", Mark("present"))
    assert standing(people["there"]) == [(3600, 100)]
    assert Completion.objects.in_force().filter(member=people["there"]).exists()
    assert not rebuild_hours().differences
    cancel_gathering(gathering=gathering, reason="没有开", by=people["secretary"])
    assert standing(people["there"]) == [] and free(people["there"]) == [0, 3_600_000]


def test_what_the_office_had_corrected_goes_with_the_attendance(scene):
    gathering, people = scene
    entry = HourEntry.objects.get(member=people["there"])
    correct_entry(entry=entry, reason="实到半场", credit=50, by=people["boss"])
    correct(scene, "there", Mark("present", 12))
    assert standing(people["there"]) == [(2880, 80)]


@pytest.mark.parametrize(
    ("mark", "changes", "error"),
    [
        (Mark("absent"), {"reason": " "}, DomainError),
        (Mark("present"), {}, DomainError),  # as it is
        (Mark("present", 60), {}, DomainError),
        (Mark("here"), {}, DomainError),
    ],
)
def test_without_a_reason_or_a_change_or_with_a_mark_that_cannot_be_nothing_moves(
    scene, mark, changes, error
):
    _, people = scene
    rows = HourEntry.objects.count()
    with pytest.raises(error):
        correct(scene, "there", mark, **changes)
    assert HourEntry.objects.count() == rows
    assert standing(people["there"]) == [(3600, 100)]


def test_nobody_puts_himself_right_and_an_organiser_waits_for_the_branch_above(scene):
    gathering, people = scene
    with pytest.raises(NotAllowed):
        correct(scene, "secretary", Mark("present"))
    assert correct(scene, "secretary", Mark("present"), by="deputy").withheld
    assert standing(people["secretary"]) == []
    assert not MakeUp.objects.filter(member=people["secretary"]).exists()
    assert not correct(scene, "secretary", Mark("present", 20), by="boss").withheld
    assert standing(people["secretary"]) == [(2400, 66)]


def test_only_a_registered_gathering_of_an_open_year_is_corrected(scene):
    gathering, people = scene
    with pytest.raises(NotFound):
        correct_attendance(
            gathering=gathering, attendance_id=0, marks={}, reason="x", by=people["secretary"]
        )
    YearClose.objects.create(year=2026, closed_at=clock.now())
    with pytest.raises(Conflict):
        correct(scene, "there", Mark("absent"))
    YearClose.objects.all().delete()
    cancel_gathering(gathering=gathering, reason="没有开", by=people["secretary"])
    with pytest.raises(Conflict):
        correct(scene, "there", Mark("absent"))


def test_the_page_corrects_one_person_and_a_foreign_secretary_finds_nothing(scene, client):
    gathering, people = scene
    row, session = row_of(gathering, people["there"]), gathering.sessions.get()
    address = reverse("gatherings:correct", args=[gathering.pk, row.pk])
    client.force_login(people["foreign"])
    assert client.get(address).status_code == 404
    client.force_login(people["secretary"])
    assert address in client.get(reverse("gatherings:detail", args=[gathering.pk])).content.decode()
    assert people["there"].name in client.get(address).content.decode()
    key = f"{row.pk}-{session.pk}"
    values = {f"state-{key}": "present", f"late-{key}": "30", "reason": ""}
    refused = client.post(address, values)
    assert refused.status_code == 400 and "请写明更正原因" in refused.content.decode()
    detail = reverse("gatherings:detail", args=[gathering.pk])
    assert client.post(address, values | {"reason": "晚到半小时"}).url == detail
    assert standing(people["there"]) == [(1800, 50)]

"""Two who import the same roster at the same instant: everybody is enrolled once."""

import threading

import pytest

from school.core import jobs
from school.core.models import Job
from school.members.models import (
    Member,
    MemberRecord,
    Membership,
    MemberStanding,
    RosterImport,
)
from school.members.services.rosters import (
    cancel_roster,
    confirm_roster,
    ending,
    read_roster,
    write_roster,
)
from school.members.services.rosters.uploading import keep
from tests.factories import audit as trail
from tests.factories import members as make
from tests.factories.parallel import together
from tests.factories.rosters import HEAD, workbook

State = RosterImport.State
PEOPLE = 30
PATIENCE = 60


@pytest.fixture
def branch(django_db_setup, django_db_blocker, settings, tmp_path):
    """A branch other connections see, taken away by hand with all that was imported."""
    settings.ROSTER_DIR = tmp_path / "rosters"
    with django_db_blocker.unblock():
        last = trail.last_entry()
        place = make.branch(kind="committee")
        try:
            yield place
        finally:
            people = Member.objects.filter(memberships__branch=place)
            ids = list(people.values_list("pk", flat=True))
            RosterImport.objects.filter(branch=place).delete()
            Job.objects.filter(kind__startswith="members.").delete()
            for model in (Membership, MemberStanding, MemberRecord):
                model.objects.filter(member_id__in=ids).delete()
            Member.objects.filter(pk__in=ids).delete()
            place.placements.all().delete()
            place.delete()
            trail.forget_after(last)


@pytest.fixture
def previewed(branch, monkeypatch):
    """Confirmed imports of one file into the branch, each by a call."""
    monkeypatch.setattr("school.core.jobs.enqueue", lambda *a, **k: None)
    rows = [["", f"ZZ{n:03}", "张三", "", "", "正式党员", "2010-07-01"] for n in range(PEOPLE)]
    content = workbook(rows, head=HEAD)

    def confirmed() -> RosterImport:
        roster = keep(branch, "花名册.xlsx", [content], None, False)
        read_roster(roster=roster)
        return confirm_roster(roster=roster, whole_only=True, move_members=False, by=None)

    return confirmed


def test_who_cancels_a_whole_import_half_way_finds_nothing_written(
    branch, previewed, monkeypatch, settings
):
    """On SQLite the one who writes holds the lock that the one who cancels waits for."""
    monkeypatch.setattr("school.members.roster.planning.CHUNK", 5)
    roster = previewed()
    half_way, asked = threading.Event(), threading.Event()

    def tell(share, step):
        if share > 0.7 and not half_way.is_set():
            half_way.set()
            asked.wait(PATIENCE)

    def ask(name):
        ask_to_stop(name)
        asked.set()

    ask_to_stop = ending.ask_to_stop
    monkeypatch.setattr(ending, "ask_to_stop", ask)

    def write():
        with pytest.raises(jobs.JobCancelled):
            write_roster(roster=roster, tell_inside=tell)

    def cancel():
        half_way.wait(PATIENCE)
        cancel_roster(roster=RosterImport.objects.get(pk=roster.pk), by=None)

    together(write, cancel)
    ended = RosterImport.objects.get(pk=roster.pk)
    assert (ended.state, ended.written) == (State.CANCELLED, 0)
    assert not Member.objects.filter(staff_number__startswith="ZZ").exists()
    assert not list(settings.ROSTER_DIR.glob("*"))


def test_two_imports_of_one_file_at_once_enrol_everybody_once(branch, previewed):
    imports = [previewed(), previewed()]
    together(*[lambda each=each: write_roster(roster=each) for each in imports])
    done = [RosterImport.objects.get(pk=each.pk) for each in imports]
    assert [each.state for each in done] == [State.DONE, State.DONE]
    counts = [each.counts["done"] for each in done]
    assert sum(each.get("created", 0) for each in counts) == PEOPLE
    assert sum(each.get("unchanged", 0) for each in counts) == PEOPLE
    assert Membership.objects.filter(branch=branch).count() == PEOPLE
    assert MemberRecord.objects.filter(member__staff_number__startswith="ZZ").count() == PEOPLE

"""A year of study in the demo school, through the same services that a real one uses.

Members study at set moments with both clocks put there; the judge, the ledger and the counters see
what they would have seen.
"""

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from wagtail.models import Page

from quizzes.models import Paper, QuestionVersion
from quizzes.services.attempts import save_answer, start_attempt, submit_attempt
from school.core import clock, jobs
from school.demo.people import BRANCHES, SEED
from school.gatherings.models import Attendance, Gathering
from school.gatherings.services.approval import confirm_own
from school.gatherings.services.gatherings import close_gathering, open_gathering
from school.members.models import Branch, Member, Membership, MemberStanding, Post
from school.members.permissions import WRITING
from school.plans.models import AnnualTarget, StudyPlan, TargetSet
from school.plans.services.counting import fold
from school.plans.services.exemptions import approve_exemption, ask_exemption
from school.plans.services.plans import create_plan, publish_plan
from school.plans.services.target_sets import RungDraft, SetDraft, draft_set, publish_set
from school.reports.services.filings import confirm_filing, file_period
from school.study.models import HourEntry, StudyItem, YearClose
from school.study.selectors.officers import nearest_officers
from school.study.services.reports import accept_report
from school.study.services.sessions import open_session

Tell = Callable[[str], None]
Source = HourEntry.Source

PLAN = "秋季学习计划：班组安全与支部工作"
# The demo member missed it, so that the year still asks something.
AUTUMN = "秋季业务培训"
REQUIRED = (
    "platform-tour",
    "organising-branch-study",
    "handover-lesson",
    "shift-handover",
    "minutes-lesson",
)
ELECTIVE = ("privacy-lesson",)
OWN_CHOICE = (
    "using-the-platform",
    "pre-job-risk-check",
    "fire-drill",
    "first-aid",
    "data-privacy",
    "reading-method",
    "energy-saving",
    "extinguisher",
)
# The share of a branch's members who have finished the plan: some are ahead, some far behind.
FINISHED = {
    "Z101": 1.0,
    "Z102": 0.9,
    "Z103": 0.75,
    "Z201": 0.7,
    "Z202": 0.95,
    "Z203": 0.4,
    "Z301": 0.65,
    "Z302": 0.5,
    "Z303": 0.25,
}
SLICE_MS = 20_000
LEAST_SLICES = 5
ABSENT_SHARE = 0.16
NEVER = frozenset({"D0001", "D0010"})


def item(slug: str) -> StudyItem:
    """The study item of a page of the demo school."""
    page = Page.objects.get(slug=slug)
    return StudyItem.objects.select_related("current", "audience").get(
        source_type="courses.page", source_id=page.pk
    )


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A local moment."""
    return datetime.combine(day, time(hour, minute), tzinfo=clock.LOCAL)


def plan_start() -> date:
    """First day of last month: the plan has been running since, last month can be filed."""
    return (clock.today().replace(day=1) - timedelta(days=1)).replace(day=1)


def _studying_members() -> list[Member]:
    kinds = (MemberStanding.Kind.FULL, MemberStanding.Kind.PROBATIONARY)
    return list(
        Member.objects.filter(standings__until=None, standings__kind__in=kinds)
        .exclude(staff_number__in=NEVER)
        .order_by("pk")
    )


def study(member: Member, what: StudyItem, moment: datetime, share: float = 1.0) -> None:
    """Study a share of an item from its beginning, in real time from ``moment`` on."""
    revision = what.current
    length, needed = revision.axis_length, revision.study_ms
    slices = max(LEAST_SLICES, -(-needed // SLICE_MS))
    segments = []
    for number in range(slices):
        if (number + 1) / slices > share:
            break
        axis = (length * number // slices, length * (number + 1) // slices)
        wall = (needed * number // slices, needed * (number + 1) // slices)
        segments.append([*axis, *wall, 100, 1])
    if not segments:
        return
    with clock.at(moment):
        opened = open_session(member=member, item=what, device="示范数据")
    end = segments[-1][3]
    # Chance sets the moments; who is there each time studies the same every time.
    answers = [[number, asked] for number, asked in enumerate(opened.check_ins) if asked < end]
    with clock.at(moment + timedelta(milliseconds=end + 500)):
        accept_report(
            token=opened.token, seq=1, segments=segments, member_id=member.pk, answers=answers
        )


def answer(
    member: Member, paper: Paper, moment: datetime, rng: random.Random, skill: float
) -> None:
    """Take a paper at a moment, each question right with the probability ``skill``."""
    with clock.at(moment):
        attempt = start_attempt(member=member, paper=paper)
        # By question, not by place on the sheet, which is another one every time.
        known = {pk: rng.random() < skill for pk in sorted(q["version"] for q in attempt.questions)}
        for position, asked in enumerate(attempt.questions, start=1):
            version = QuestionVersion.objects.get(pk=asked["version"])
            given = _given(version, known[version.pk])
            save_answer(attempt_id=attempt.pk, member=member, position=position, given=given)
    with clock.at(moment + timedelta(minutes=4)):
        submit_attempt(attempt_id=attempt.pk, member=member)


def _given(version: QuestionVersion, right: bool) -> list[str]:
    blanks = version.key.get("blanks")
    if blanks:
        return [alternatives[0] if right else "不清楚" for alternatives in blanks]
    keys = version.key["options"]
    if right:
        return list(keys)
    others = [option["id"] for option in version.options if option["id"] not in keys]
    return others[:1] or keys[:1]


def seed_targets() -> int:
    """Yearly requirements of this and the last year, published; returns how many targets."""
    office = Member.objects.get(staff_number="D0007")
    secretary = Post.objects.get(code="secretary")
    sources = (Source.GROUP.value, Source.LECTURE.value, Source.TRAINING.value, Source.MANUAL.value)
    year = clock.today().year
    for asked in (year - 1, year):
        wanted = draft_set(
            draft=SetDraft(
                year=asked,
                name="党员年度学时",
                basis="示范学校年度学习安排",
                solo_counts=True,
                sources=sources,
                joiners=TargetSet.Joiners.FULL,
                rungs=(
                    RungDraft("支部书记", 5600, posts=(secretary,), training=True),
                    RungDraft("党员", 3200),
                ),
            ),
            by=office,
        )
        jobs.run(publish_set(wanted=wanted, by=office).pk)
    return AnnualTarget.objects.count()


def seed_gatherings(days: int) -> int:
    """Group studies, lectures and trainings of the last year and this one; returns how many."""
    rng = random.Random(SEED + 1)
    today = clock.today()
    shown = item("organising-branch-study")
    for index, (code, *_rest) in enumerate(BRANCHES):
        branch = Branch.objects.get(code=code)
        for day, kind, title, hours in _calendar(today, index):
            if (today - day).days > days or day >= today:
                continue
            _gather(branch, kind, title, day, hours, [shown], rng)
    _answer_for_organisers()
    return Gathering.objects.count()


def _answer_for_organisers() -> None:
    """The branch above has said yes to what secretaries entered for themselves."""
    for own in Attendance.objects.filter(withheld=True).select_related(
        "gathering__branch", "member"
    ):
        branch = own.gathering.branch
        above = nearest_officers(branch.get_parent() or branch, WRITING, own.member)
        confirm_own(
            gathering=own.gathering,
            attendance_id=own.pk,
            by=Member.objects.get(pk=above[0]),
        )


def _calendar(today: date, index: int) -> list[tuple[date, str, str, int]]:
    kinds = Gathering.Kind
    plan = []
    for year in (today.year - 1, today.year):
        plan += [
            (date(year, 2 + index % 3, 8 + index), kinds.LECTURE, "专题党课：把学习落到岗位", 3),
            (date(year, 5, 10 + index), kinds.TRAINING, "年度集中培训（第一天）", 8),
            (date(year, 5, 11 + index), kinds.TRAINING, "年度集中培训（第二天）", 8),
            (date(year, 8 + index % 2, 5 + index), kinds.LECTURE, "安全生产专题讲座", 3),
        ]
    plan.append((date(today.year, 9, 12 + index), kinds.TRAINING, AUTUMN, 8))
    last_month = plan_start()
    plan.append((last_month + timedelta(days=9 + index), kinds.GROUP, "支部集体学习", 2))
    return plan


def _gather(branch, kind, title, day, hours, items, rng) -> None:
    # Not on the hour: a short film studied at lunch is not in the way.
    begin, end = at(day, 14), at(day, 14 + hours if hours < 8 else 22)
    secretary = Member.objects.filter(
        posts__branch=branch, posts__post__code="secretary", posts__until=None
    ).first()
    with clock.at(end + timedelta(hours=1)):
        gathering = open_gathering(
            branch=branch, kind=kind, title=title,
            items=items if kind == Gathering.Kind.GROUP else [],
            starts_at=begin, ends_at=end, by=secretary, place="支部活动室",
        )  # fmt: skip
        states = {
            row.pk: Attendance.State.LEAVE
            if rng.random() < ABSENT_SHARE
            else Attendance.State.PRESENT
            for row in gathering.attendances.order_by("member_id")
        }
        if title == AUTUMN:
            states |= dict.fromkeys(
                gathering.attendances.filter(member__staff_number__in=NEVER).values_list(
                    "pk", flat=True
                ),
                Attendance.State.LEAVE,
            )
        close_gathering(gathering=gathering, states=states, by=secretary)


def seed_self_study(tell: Tell, per_member: float = 1.6) -> int:
    """Own-choice study over the months of this year; returns the number of ledger rows."""
    rng = random.Random(SEED + 2)
    today = clock.today()
    members = _studying_members()
    items = [item(slug) for slug in OWN_CHOICE]
    first = today.replace(month=1, day=5)
    for number, member in enumerate(members, start=1):
        diligence = rng.random()
        count = round(per_member * 2 * diligence)
        for what in rng.sample(items, min(count, len(items))):
            day = first + timedelta(days=rng.randrange(max(1, (today - first).days - 2)))
            study(member, what, at(day, 19 + number % 3, rng.randrange(60)))
        if number % 50 == 0:
            tell(f"自学 {number}/{len(members)} 人")
    return HourEntry.objects.count()


def seed_plan() -> StudyPlan:
    """The running plan, published on its first day, and three exemptions."""
    today, start, owner = clock.today(), plan_start(), Branch.objects.get(code="D")
    by = Member.objects.get(staff_number="D0007")
    # Published after the study of its weeks, so that everybody is counted once, in bulk, and not
    # at every single completion; the dates of the plan decide, not the order of writing.
    with clock.at(at(start, 8)):
        plan = create_plan(
            title=PLAN,
            owner=owner,
            starts_on=start,
            ends_on=today + timedelta(days=9),
            items=[(item(s), True) for s in REQUIRED] + [(item(s), False) for s in ELECTIVE],
            make_up_until=today + timedelta(days=39),
            by=by,
        )
    publish_plan(plan=plan, by=by)
    StudyPlan.objects.filter(pk=plan.pk).update(published_at=at(start, 8))
    for member in _studying_members()[7::70]:
        asked = ask_exemption(
            member=member,
            reason="长期外派，所在地不便上网学习",
            by=Member.objects.get(staff_number="D0006"),
            plan=plan,
            since=start,
        )
        approve_exemption(asked=asked, by=by)
    fold()
    return StudyPlan.objects.get(pk=plan.pk)


def seed_plan_study(tell: Tell) -> None:
    """Members at work on the plan: branches differ from nearly done to hardly begun."""
    rng = random.Random(SEED + 3)
    required = [item(slug) for slug in REQUIRED]
    papers = {p.lesson_links.first().page.slug: p for p in Paper.objects.all()}
    number = 0
    for code, members in _members_by_branch().items():
        finished = round(FINISHED[code] * len(members))
        for place, member in enumerate(members):
            number += 1
            count = len(required) if place < finished else place % len(required)
            _work_on_plan(member, required[:count], papers, number, rng)
            if count < len(required) and place % 2:
                moment = at(clock.today() - timedelta(days=1 + number % 4), 12, number % 60)
                study(member, required[count], moment, share=0.3 + 0.4 * rng.random())
            if number % 50 == 0:
                tell(f"计划内学习 {number} 人")
    _demo_member(required)


def _members_by_branch() -> dict[str, list[Member]]:
    """Studying members of each branch; a secretary goes ahead."""
    homes = dict(
        Membership.objects.on(clock.today())
        .filter(kind=Membership.Kind.HOME)
        .values_list("member_id", "branch__code")
    )
    heads = set(
        Member.objects.filter(posts__post__code="secretary", posts__until=None).values_list(
            "pk", flat=True
        )
    )
    found: dict[str, list[Member]] = {code: [] for code, *_rest in BRANCHES}
    for member in sorted(_studying_members(), key=lambda m: (m.pk not in heads, m.pk)):
        if homes.get(member.pk) in found:
            found[homes[member.pk]].append(member)
    return found


def _work_on_plan(
    member: Member,
    items: list[StudyItem],
    papers: dict[str, Paper],
    number: int,
    rng: random.Random,
) -> None:
    """Study some items of the plan one after the other, with the quiz where a lesson has one."""
    start = plan_start()
    # Distinct days: a member studies one thing at a time.
    days = sorted(rng.sample(range(1, (clock.today() - start).days), len(items)))
    for slug, what, offset in zip(REQUIRED, items, days, strict=False):
        moment = at(start + timedelta(days=offset), 18 + number % 4, rng.randrange(45))
        study(member, what, moment)
        if slug not in papers:
            continue
        # One in six needs a second try; the lesson is done when the quiz is passed.
        if number % 6 == 0:
            answer(member, papers[slug], moment + timedelta(minutes=4), rng, 0.35)
        answer(member, papers[slug], moment + timedelta(minutes=9), rng, 1.0)


def _demo_member(required: list[StudyItem]) -> None:
    """The demo member: one article read, one film half seen, the rest to do; some hours."""
    member, today = Member.objects.get(staff_number="D0001"), clock.today()
    study(member, required[1], at(today - timedelta(days=8), 20))
    study(member, required[2], at(today - timedelta(days=2), 21), share=0.45)
    study(member, item("fire-drill"), at(today - timedelta(days=30), 20))
    study(member, item("reading-method"), at(today - timedelta(days=64), 20))


def seed_closing() -> None:
    """Last year closed, last month filed by most branches and one general branch."""
    today = clock.today()
    by = Member.objects.get(staff_number="D0007")
    closed = at(date(today.year, 2, 1), 9)
    YearClose.objects.get_or_create(
        year=today.year - 1, defaults={"closed_at": closed, "closed_by": by}
    )
    month = plan_start()
    for index, (code, *_rest) in enumerate(BRANCHES):
        if code == "Z303":
            continue
        branch = Branch.objects.get(code=code)
        secretary = Member.objects.filter(
            posts__branch=branch, posts__post__code="secretary", posts__until=None
        ).first()
        filing = _file(branch, month, today, index, secretary)
        if code.startswith(("Z1", "Z2")):
            confirm_filing(filing=filing, by=by)
    for code in ("G1",):
        _file(Branch.objects.get(code=code), month, today, 12, by)


def _file(branch: Branch, month: date, today: date, minute: int, by: Member):
    moment = min(at(today.replace(day=1) + timedelta(days=1), 9, minute), clock.now())
    with clock.at(moment):
        return file_period(branch=branch, period="month", starts_on=month, by=by).filing

"""The demo school's tree and members, through the services of ``members``."""

import random
from datetime import date, timedelta

from django.conf import settings
from wagtail.models import Site

from school.core import clock
from school.core.models import HostSettings
from school.demo.accounts import ACCOUNTS, NEWCOMER, PASSWORD, Account, code_file
from school.members.models import (
    Audience,
    AudienceRule,
    Branch,
    Member,
    MemberStanding,
    Post,
    PostHolding,
    RoleGrant,
)
from school.members.services import branches, codes, first_run, grants, passwords, people

SEED = 2026
FOUNDED = date(2015, 7, 1)

COMMITTEE = ("D", "中共示范集团委员会", "集团党委")
GENERAL = (
    ("G1", "集团机关党总支", "机关总支"),
    ("G2", "生产系统党总支", "第二总支"),
    ("G3", "后勤系统党总支", "后勤总支"),
)
BRANCHES = (
    ("Z101", "G1", "综合管理党支部", "综合支部"),
    ("Z102", "G1", "财务审计党支部", "财审支部"),
    ("Z103", "G1", "教育培训党支部", "教培支部"),
    ("Z201", "G2", "机电队党支部", "机电支部"),
    ("Z202", "G2", "运行队党支部", "运行支部"),
    ("Z203", "G2", "安全监察党支部", "安监支部"),
    ("Z301", "G3", "物业服务党支部", "物业支部"),
    ("Z302", "G3", "餐饮服务党支部", "餐饮支部"),
    ("Z303", "G3", "职工健康党支部", "健康支部"),
)
POSTS = (
    ("secretary", "书记", 10),
    ("deputy", "副书记", 20),
    ("organisation", "组织委员", 30),
    ("publicity", "宣传委员", 40),
    ("discipline", "纪检委员", 50),
)
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋"
    "唐许邓韩冯曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
)
GIVEN = (
    "建华", "志强", "海燕", "春梅", "国庆", "秀兰", "文涛", "立新", "晓东", "雪松",
    "明亮", "红霞", "卫东", "丽娟", "永刚", "玉兰", "俊峰", "桂芳", "振宇", "婷婷",
    "浩然", "思远", "佳宁", "子涵", "雨桐", "一鸣", "梦洁", "嘉豪", "若曦", "宏伟",
    "爱民", "淑芬", "长江", "新宇", "慧敏", "少华", "学军", "凤英", "世杰", "静怡",
)  # fmt: skip


def _profile(number: int, rng: random.Random) -> tuple[str, str]:
    """(kind, state) of the n-th member of a branch."""
    kinds, states = MemberStanding.Kind, MemberStanding.State
    if number % 17 == 9:
        return kinds.PROBATIONARY, states.NORMAL
    if number % 19 == 11:
        return kinds.ACTIVIST, states.NORMAL
    if number % 23 == 13:
        return kinds.FULL, states.RETIRED
    if number % 29 == 17:
        return kinds.FULL, states.FLOATING
    return kinds.FULL, states.NORMAL


def seed_tree() -> dict[str, Branch]:
    """One committee, three general branches, nine branches."""
    host = HostSettings.for_site(Site.objects.get(is_default_site=True))
    host.school_name, host.host_name = "网上党校", "示范集团"
    host.contact = "教务组 · 工作日 8:30–17:30"
    host.save()
    made = {}
    code, name, short = COMMITTEE
    made[code] = branches.create_branch(
        parent=None, code=code, name=name, short_name=short, kind=Branch.Kind.COMMITTEE,
        founded_on=FOUNDED,
    )  # fmt: skip
    for code, name, short in GENERAL:
        made[code] = branches.create_branch(
            parent=made["D"], code=code, name=name, short_name=short,
            kind=Branch.Kind.GENERAL_BRANCH, founded_on=FOUNDED,
        )  # fmt: skip
    for code, above, name, short in BRANCHES:
        made[code] = branches.create_branch(
            parent=made[above], code=code, name=name, short_name=short, kind=Branch.Kind.BRANCH,
            founded_on=FOUNDED,
        )  # fmt: skip
    for code, name, rank in POSTS:
        Post.objects.get_or_create(code=code, defaults={"name": name, "rank": rank})
    return made


def seed_members(total: int, since: date) -> int:
    """``total`` members over the nine branches, the demo accounts among them; returns how many."""
    rng = random.Random(SEED)
    places = {branch.code: branch for branch in Branch.objects.all()}
    for account in (*ACCOUNTS, NEWCOMER):
        people.enrol_member(
            staff_number=account.staff_number,
            name=account.name,
            branch=places[account.branch],
            since=since,
        )
    leaf_codes = [code for code, *_rest in BRANCHES]
    names = _names(rng)
    rest = max(0, total - len(ACCOUNTS) - 1)
    for number in range(rest):
        code = leaf_codes[number % len(leaf_codes)]
        kind, state = _profile(number // len(leaf_codes) + number, rng)
        member = people.enrol_member(
            staff_number=f"{10001 + number}",
            name=next(names),
            branch=places[code],
            since=since,
            kind=kind,
        )
        if state != MemberStanding.State.NORMAL:
            people.change_standing(member=member, kind=kind, state=state, on=since)
    # Whoever is in the roster has passed the first run, but for the newcomer and a few more.
    seasoned = Member.objects.exclude(staff_number=NEWCOMER.staff_number)
    seasoned.filter(
        staff_number__in=[
            number
            for number in seasoned.values_list("staff_number", flat=True)
            if _seasoned(number)
        ]
    ).update(
        first_run_done_at=clock.now(),
        profile_confirmed_at=clock.now(),
        must_set_password=False,
        consent_version=settings.PRIVACY_NOTICE_VERSION,
    )
    return Member.objects.count()


def _seasoned(staff_number: str) -> bool:
    """Whether somebody has passed the first run; told by the number, which is always the same."""
    return int(staff_number.lstrip("D")) % 13 != 0


def _names(rng: random.Random):
    """Endless made-up names, none twice in a row of 2,000."""
    pairs = [(family, given) for family in SURNAMES for given in GIVEN]
    rng.shuffle(pairs)
    while True:
        for family, given in pairs:
            yield family + given


def seed_posts(since: date) -> None:
    """A secretary, deputy and committee members for each branch; double membership for two."""
    posts = {post.code: post for post in Post.objects.all()}
    for code, *_rest in BRANCHES:
        branch = Branch.objects.get(code=code)
        homes = list(
            Member.objects.filter(
                memberships__branch=branch,
                memberships__until=None,
                standings__kind=MemberStanding.Kind.FULL,
                standings__state=MemberStanding.State.NORMAL,
            )
            .exclude(staff_number__startswith="D")
            .order_by("staff_number")[:5]
        )
        for post, member in zip(POSTS, homes, strict=False):
            if code == "Z201" and post[0] == "secretary":
                continue  # the demo secretary holds it
            people.hold_post(member=member, branch=branch, post=posts[post[0]], since=since)
            if post[0] == "secretary":
                grants.grant_role(member=member, role=RoleGrant.Role.SECRETARY, branch=branch)
    visitor = Member.objects.get(staff_number="D0002")
    people.attach_member(
        member=visitor, branch=Branch.objects.get(code="Z201"), since=since + timedelta(days=30)
    )


def seed_audiences() -> None:
    """Audiences that pages, plans and notices of the demo school use."""
    second = Branch.objects.get(code="G2")
    production = Audience.objects.create(name="第二总支全体", scope=Audience.Scope.RULES)
    AudienceRule.objects.create(audience=production, branch=second)
    officers = Audience.objects.create(name="支部书记", scope=Audience.Scope.RULES)
    AudienceRule.objects.create(audience=officers, post=Post.objects.get(code="secretary"))


def seed_accounts(sections: dict) -> None:
    """Roles and passwords of the demo accounts; a one-time code for the newcomer."""
    host = HostSettings.for_site(Site.objects.get(is_default_site=True))
    for account in ACCOUNTS:
        member = Member.objects.get(staff_number=account.staff_number)
        _finish_first_run(member, host)
        _grant(member, account, sections)
    newcomer = Member.objects.get(staff_number=NEWCOMER.staff_number)
    secretary = Member.objects.get(staff_number="D0004")
    code = codes.issue_code(member=newcomer, by=secretary, days=settings.SIGN_IN_SLIP_DAYS)
    file = code_file()
    file.touch(mode=0o600)
    file.write_text(code + "\n", encoding="utf-8")


def _finish_first_run(member: Member, host: HostSettings) -> None:
    first_run.agree(member=member, host=host)
    if not member.has_usable_password():
        passwords.choose_password(member=member, password=PASSWORD)
    first_run.confirm_profile(member=member)
    first_run.choose_letters(member=member, size=Member.TextSize.STANDARD)


def _grant(member: Member, account: Account, sections: dict) -> None:
    if account.role:
        kind, _colon, key = account.place.partition(":")
        if kind == "section":
            grants.grant_role(member=member, role=account.role, section=sections[key])
        else:
            branch = Branch.objects.get(code=account.place)
            grants.grant_role(member=member, role=account.role, branch=branch)
    if account.post:
        home = Branch.objects.get(code=account.branch)
        post = Post.objects.get(code=account.post)
        since = clock.today() - timedelta(days=400)
        if not PostHolding.objects.open().filter(branch=home, post=post).exists():
            people.hold_post(member=member, branch=home, post=post, since=since)

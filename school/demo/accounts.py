"""The demo accounts: one for each role, and one that has never signed in."""

from dataclasses import dataclass

from django.conf import settings

PASSWORD = "Dangxiao-2026"
CODE_FILE = "demo-first-code.txt"


@dataclass(frozen=True)
class Account:
    """A demo account; ``place`` is a branch code, or a section key for editors."""

    staff_number: str
    name: str
    label: str
    branch: str
    role: str = ""
    place: str = ""
    post: str = ""


ACCOUNTS = (
    Account("D0001", "李晓明", "党员", "Z201"),
    Account("D0002", "周明川", "讲师", "Z203", role="instructor", place="section:safety"),
    Account("D0003", "林知远", "审核人", "Z101", role="reviewer", place="D"),
    Account("D0004", "赵雪梅", "支部书记", "Z201", role="secretary", place="Z201",
            post="secretary"),
    Account("D0005", "陈述", "党总支管理员", "Z202", role="committee_admin", place="G2",
            post="deputy"),
    Account("D0006", "何文斌", "党委管理员", "Z101", role="committee_admin", place="D"),
    Account("D0007", "沈以宁", "教务", "Z103", role="school_admin", place="D"),
    Account("D0008", "吴敏", "审计员", "Z102", role="auditor", place="D"),
    Account("D0009", "系统管理员", "系统管理员", "Z102", role="system_admin", place="D"),
    Account("D0011", "高翔", "安全管理员", "Z103", role="security_admin", place="D"),
)  # fmt: skip
NEWCOMER = Account("D0010", "孙佳", "首次登录", "Z201")


def code_file():
    """Where the newcomer's one-time code is kept for the demo's owner (mode 0600)."""
    return settings.DATA_DIR / CODE_FILE


def listing() -> list[dict[str, str]]:
    """Accounts as they are printed: role, staff number, password or one-time code."""
    rows = [
        {"role": a.label, "staff_number": a.staff_number, "name": a.name, "password": PASSWORD}
        for a in ACCOUNTS
    ]
    file = code_file()
    code = file.read_text(encoding="utf-8").strip() if file.exists() else ""
    rows.append(
        {
            "role": NEWCOMER.label,
            "staff_number": NEWCOMER.staff_number,
            "name": NEWCOMER.name,
            "code": code,
        }
    )
    return rows

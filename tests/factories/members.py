"""People and branches through the services, so that every row is one the product could write."""

import itertools
from datetime import date

from school.members.models import Branch, Member, RoleGrant
from school.members.services.branches import create_branch
from school.members.services.grants import grant_role
from school.members.services.people import enrol_member

FOUNDED = date(2020, 1, 1)
PASSWORD = "Study-2026-hard"
_numbers = itertools.count(1)


def branch(parent: Branch | None = None, kind: str = Branch.Kind.BRANCH, **values) -> Branch:
    """A branch under a parent; a root when there is none."""
    number = next(_numbers)
    defaults = {
        "code": f"B{number:05}",
        "name": f"第{number}党支部委员会",
        "short_name": f"第{number}支部",
        "founded_on": FOUNDED,
    }
    return create_branch(parent=parent, kind=kind, **(defaults | values))


def tree() -> tuple[Branch, Branch, Branch, Branch]:
    """A committee, one general branch, and two branches below it."""
    committee = branch(kind=Branch.Kind.COMMITTEE)
    general = branch(committee, kind=Branch.Kind.GENERAL_BRANCH)
    return committee, general, branch(general), branch(general)


def member(home: Branch, *, ready: bool = True, **values) -> Member:
    """A member of a branch; ``ready`` has a password and the first run behind him."""
    number = next(_numbers)
    defaults = {"staff_number": f"T{number:05}", "name": f"学员{number}", "since": FOUNDED}
    person = enrol_member(branch=home, **(defaults | values))
    if ready:
        make_ready(person)
    return person


def make_ready(person: Member) -> None:
    """Skip the first run."""
    from school.core import clock
    from school.core.models import HostSettings

    person.set_password(PASSWORD)
    person.must_set_password = False
    person.consent_version = HostSettings._meta.get_field("privacy_version").default
    person.profile_confirmed_at = person.first_run_done_at = clock.now()
    person.save()


def officer(home: Branch, role: str = RoleGrant.Role.SECRETARY, **values) -> Member:
    """A member of a branch with a role on it."""
    person = member(home, **values)
    grant_role(member=person, role=role, branch=home)
    return person

"""Which branch a row means: by code, full or short name, or a path of names; new ones if asked."""

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from school.core.errors import DomainError
from school.members.models import Branch
from school.members.rules.masks import mask_numbers
from school.members.rules.numbers import fold
from school.members.rules.tree import CODE

_STEPS = "/／>＞→\\"
_KINDS = (
    ("联合党支部", Branch.Kind.JOINT_BRANCH),
    ("临时党支部", Branch.Kind.TEMPORARY_BRANCH),
    ("党支部", Branch.Kind.BRANCH),
    ("党小组", Branch.Kind.GROUP),
    ("党总支", Branch.Kind.GENERAL_BRANCH),
    ("总支", Branch.Kind.GENERAL_BRANCH),
    ("党委", Branch.Kind.COMMITTEE),
    ("委员会", Branch.Kind.COMMITTEE),
    ("小组", Branch.Kind.GROUP),
    ("支部", Branch.Kind.BRANCH),
)


class BranchUnknown(DomainError):
    """No branch, or several, can be meant; the message says what to write."""


@dataclass(frozen=True, slots=True)
class NewBranch:
    """A branch the file names and the school does not have: the parent's key and its name.

    ``parent`` is the id of a branch, or the key of another new one.
    """

    parent: "int | NewBranch"
    name: str
    code: str = ""


BranchKey = int | NewBranch


def quoted(text: str) -> str:
    """What a cell says of a branch, as a message may repeat it."""
    return mask_numbers(text)[:40]


def tidy_branch(text: str) -> str:
    """A branch's name without what people leave out: spaces, 中共 in front, 委员会 at the end."""
    name = "".join(fold(text).split())
    name = name.removeprefix("中国共产党").removeprefix("中共")
    return name.removesuffix("委员会") or name


def kind_of(name: str) -> str:
    """The kind of a branch that is called so."""
    return next((kind for ending, kind in _KINDS if ending in name), Branch.Kind.BRANCH)


class BranchFinder:
    """Finds the branches of one subtree by what people write. Reads them once."""

    def __init__(self, top: Branch, *, creating: bool = False) -> None:
        self.top, self.creating = top, creating
        self.codes: dict[str, int] = {}
        self.names: dict[str, set[int]] = defaultdict(set)
        self.paths: dict[int, str] = {}
        self.ids: dict[str, int] = {}
        self.shown: dict[int, str] = {}
        self.new: dict[NewBranch, int] = {}
        # Codes are one per school, in all its years; what may not be used is known before writing.
        codes = Branch.objects.values_list("code", flat=True) if creating else ()
        self._used = {code.upper() for code in codes}
        self._codes: dict[tuple[BranchKey, str], str] = {}
        self._coded: dict[str, tuple[BranchKey, str]] = {}
        rows = Branch.objects.filter(path__startswith=top.path, dissolved_on=None)
        for pk, path, code, name, short in rows.values_list(
            "pk", "path", "code", "name", "short_name"
        ):
            self.add(pk, path, code, name, short)
        self._known: dict[tuple[str, str], BranchKey] = {}

    def add(self, pk: int, path: str, code: str, name: str, short: str) -> None:
        """Make a branch findable."""
        self.codes[code.upper()] = pk
        self.names[tidy_branch(name)].add(pk)
        self.names[tidy_branch(short)].add(pk)
        self.paths[pk], self.ids[path], self.shown[pk] = path, pk, short

    def find(self, text: str, code: str = "") -> BranchKey | None:
        """The branch meant by a name or path and a code; None when both are empty.

        Raises:
            BranchUnknown: none or several, and none may be made.
        """
        if not text and not code:
            return None
        key = (text, code)
        if key not in self._known:
            self._known[key] = self._find(text, code)
        found = self._known[key]
        return self.new.get(found, found) if isinstance(found, NewBranch) else found

    def _find(self, text: str, code: str) -> BranchKey:
        if code:
            if pk := self.codes.get(fold(code).upper()):
                return pk
            if not (self.creating and text):
                raise BranchUnknown(
                    _("在“%(top)s”及其下级里没有编码为“%(code)s”的党组织。")
                    % {"top": self.top.short_name, "code": quoted(code)}
                )
        elif pk := self.codes.get(fold(text).upper()):
            return pk
        for step in _STEPS:
            text = text.replace(step, "/")
        steps = [part.strip() for part in text.split("/") if part.strip()]
        if not steps:
            raise BranchUnknown(_("请填写党组织的名称或编码。"))
        return self._walk(steps, code)

    def _walk(self, steps: list[str], code: str) -> BranchKey:
        place: BranchKey | None = None
        for at, step in enumerate(steps):
            found = self._below(place, step) if not isinstance(place, NewBranch) else set()
            if len(found) > 1:
                raise BranchUnknown(
                    _("有 %(count)d 个党组织叫“%(name)s”，请填写组织编码，或写成“上级/本级”。")
                    % {"count": len(found), "name": quoted(step)}
                )
            if found:
                place = found.pop()
            elif self.creating:
                last = at == len(steps) - 1
                parent = place if place is not None else self.top.pk
                place = self._founded(parent, step[:80], code if last else "")
            else:
                raise BranchUnknown(
                    _("在“%(top)s”及其下级里没有找到“%(name)s”，请核对名称或改填组织编码。")
                    % {"top": self.top.short_name, "name": quoted(step)}
                )
        return place

    def _founded(self, parent: BranchKey, name: str, code: str) -> NewBranch:
        """A branch to be made, once for all rows that name it; its code is free.

        Raises:
            BranchUnknown: it cannot be made so.
        """
        if mask_numbers(name) != name:
            raise BranchUnknown(_("党组织名称里有身份证号或手机号，请核对是否填错了栏。"))
        place = (parent, name)
        if code:
            self._check_code(place, code)
        return NewBranch(parent, name, self._codes.setdefault(place, code))

    def _check_code(self, place: tuple[BranchKey, str], code: str) -> None:
        if not re.fullmatch(CODE, code):
            raise BranchUnknown(_("组织编码不能有空格和括号，请改正。"))
        if code.upper() in self._used:
            raise BranchUnknown(
                _("组织编码“%(code)s”已用于别的党组织或已撤销的党组织，请核对，或换一个编码。")
                % {"code": quoted(code)}
            )
        if self._codes.get(place, code) != code:
            raise BranchUnknown(
                _("“%(name)s”在前面的行里没有写编码，或写的是另一个编码，请统一。")
                % {"name": quoted(place[1])}
            )
        if self._coded.setdefault(code.upper(), place) != place:
            raise BranchUnknown(
                _("组织编码“%(code)s”在表里给了两个党组织，请核对。") % {"code": quoted(code)}
            )

    def _below(self, place: int | None, step: str) -> set[int]:
        """Branches called so: anywhere for the first step, below the last one found after it."""
        found = set(self.names.get(tidy_branch(step), ()))
        if place is not None:
            above = self.paths[place]
            found = {pk for pk in found if self.paths[pk].startswith(above) and pk != place}
        # The one nearest to the top wins only if it stands above all others of the name.
        if len(found) > 1:
            shortest = min(found, key=lambda pk: len(self.paths[pk]))
            if all(self.paths[pk].startswith(self.paths[shortest]) for pk in found):
                return {shortest}
        return found

    def remember(self, made: dict[NewBranch, Branch]) -> None:
        """Branches that have been made: found from now on as any other."""
        for key, branch in made.items():
            self.new[key] = branch.pk
            self.paths[branch.pk], self.shown[branch.pk] = branch.path, branch.short_name

    @contextlib.contextmanager
    def forgetting(self) -> Iterator[None]:
        """What is remembered inside is forgotten when the block, a transaction, is not finished."""
        before, done = set(self.new), False
        try:
            yield
            done = True
        finally:
            for key in () if done else self.new.keys() - before:
                pk = self.new.pop(key)
                del self.paths[pk], self.shown[pk]

    def wanted_new(self) -> set[NewBranch]:
        """Branches that rows looked at so far want and the school does not have."""
        wanted: set[NewBranch] = set()
        for key in self._known.values():
            while isinstance(key, NewBranch) and key not in self.new:
                wanted.add(key)
                key = key.parent
        return wanted

    def name_of(self, key: BranchKey) -> str:
        """How a branch is shown."""
        if isinstance(key, NewBranch):
            return _("%(name)s（新建）") % {"name": key.name}
        return self.shown.get(key) or _("另一党组织")

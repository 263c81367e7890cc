"""The trail in words: what actions, subjects, fields and values are called.

Each app names its own in ``AppConfig.ready()``; what a subject's model already knows (names of
its fields, words of its choices) need not be said again.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from school.core.models import AuditEntry

Words = str | Promise
Values = Mapping[Any, Words] | Callable[[Any], Words]

_actions: dict[str, Words] = {}
_fields: dict[str, Words] = {}
_values: dict[str, Values] = {}
_subjects: dict[str, Callable[[str], object | None] | None] = {}
# Keys whose values are codes or ids, and what finds the words for many of them at once.
_lookups: list[tuple[frozenset[str], Callable[[set], Mapping[Any, Words]]]] = []
_special_values: dict[tuple[str, str], Values] = {}
# What a key means in the entries of one action, where it is not what it means elsewhere.
_special: dict[tuple[str, str], Words] = {}

# Keys whose value is a list of things, not [before, after].
LISTS = {"changed", "fields", "children", "members", "columns"}
PAIR = ("from", "to")


@dataclass(frozen=True)
class Change:
    """One line of what an entry says: a field, its value before (None: not told) and after."""

    label: str
    before: str | None
    after: str


def name_actions(words: Mapping[str, Words]) -> None:
    """Say what actions are called: ``{"members.enrolled": _("登记党员")}``."""
    _actions.update(words)


def name_fields(words: Mapping[str, Words], *, action: str = "") -> None:
    """Say what keys of ``fields`` are called, everywhere or in the entries of one action."""
    if action:
        _special.update({(action, key): said for key, said in words.items()})
    else:
        _fields.update(words)


def name_values(key: str, values: Values, *, action: str = "") -> None:
    """Say what the values of a key are called: choices, or a function from value to words."""
    if action:
        _special_values[(action, key)] = values
    else:
        _values[key] = values


def name_lookup(keys: Iterable[str], find: Callable[[set], Mapping[Any, Words]]) -> None:
    """Say how codes or ids under some keys are put into words: many at once, in one statement."""
    _lookups.append((frozenset(keys), find))


def name_subjects(finders: Mapping[str, Callable[[str], object | None] | None]) -> None:
    """Say what entries are about: model label → how the id is found from what people type."""
    _subjects.update(finders)


def subjects() -> dict[str, str]:
    """All types of subjects, in words."""
    found = {label: subject_name(label) for label in _subjects}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def find_subject(label: str, typed: str) -> str | None:
    """The id of what is called so by people (a staff number, a code), or the id itself."""
    finder = _subjects.get(label)
    if finder is None:
        return typed
    found = finder(typed)
    return None if found is None else str(found)


def actions() -> dict[str, str]:
    """All named actions, by their words."""
    return dict(sorted(((code, str(words)) for code, words in _actions.items()), key=_by_app))


def _by_app(item: tuple[str, str]) -> tuple[str, str]:
    return item[0].split(".")[0], item[1]


def action_name(code: str) -> str:
    """An action in words; one that nobody has named stays as it is."""
    return str(_actions.get(code, code))


def subject_name(label: str) -> str:
    """A subject's type in words: the name its model gives itself."""
    model = _model(label)
    return str(model._meta.verbose_name) if model else label


@functools.cache
def _model(label: str) -> type[models.Model] | None:
    try:
        return apps.get_model(label) if label else None
    except (LookupError, ValueError):
        return None


def field_name(key: str, *, action: str = "", subject_type: str = "") -> str:
    """A key of ``fields`` in words."""
    if said := _special.get((action, key)):
        return str(said)
    if field := _model_field(subject_type, key):
        return str(field.verbose_name)
    return str(_fields.get(key, key))


@functools.cache
def _model_field(subject_type: str, key: str) -> models.Field | None:
    model = _model(subject_type)
    try:
        field = model._meta.get_field(key) if model else None
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, models.Field) else None


@dataclass(frozen=True)
class Wording:
    """Words for the values of some entries, found once for all of them."""

    found: Mapping[tuple[str, Any], Words]
    # Words already translated: a page says the same few again and again.
    said: dict[tuple[str, str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[AuditEntry]) -> "Wording":
        """Look up what the entries name by codes and ids; one statement for each kind of them."""
        listed, found = list(entries), {}
        for keys, find in _lookups:
            wanted = {
                (key, value)
                for entry in listed
                for key in keys & entry.fields.keys()
                for value in _flat(entry.fields[key])
            }
            words = find({value for _key, value in wanted}) if wanted else {}
            found |= {(key, value): words[value] for key, value in wanted if value in words}
        return cls(found)

    def changes(self, entry: AuditEntry) -> list[Change]:
        """What an entry's fields say, line by line."""
        left, lines = dict(entry.fields), []
        if {"changed", "before", "after"} <= left.keys():
            lines += self._recorded(entry, *(left.pop(k) for k in ("changed", "before", "after")))
        if set(PAIR) <= left.keys():
            before, after = (self.value(entry, key, left.pop(key)) for key in PAIR)
            lines.append(Change(self._label(entry, "from_to"), before, after))
        return lines + [self._change(entry, key, value) for key, value in left.items()]

    def _recorded(
        self, entry: AuditEntry, changed: list, before: dict, after: dict
    ) -> list[Change]:
        """Values before and after; a personal one is only said to have changed."""
        return [
            self._change(entry, key, [before.get(key), after.get(key)])
            if key in before or key in after
            else Change(self._label(entry, key), None, _("已修改（不记录内容）"))
            for key in changed
        ]

    def _change(self, entry: AuditEntry, key: str, value: Any) -> Change:
        label = self._label(entry, key)
        if key in ("fields", "columns") and isinstance(value, list):
            said = "、".join(self._label(entry, str(one)) for one in value)
            return Change(label, None, said or "—")
        if isinstance(value, list) and len(value) == 2 and key not in LISTS:
            return Change(label, *(self.value(entry, key, one) for one in value))
        return Change(label, None, self.value(entry, key, value))

    def value(self, entry: AuditEntry, key: str, value: Any) -> str:
        """A value as people read it."""
        if isinstance(value, list):
            return "、".join(self.value(entry, key, one) for one in value) or "—"
        if isinstance(value, dict):
            said = (f"{self._label(entry, k)} {self.value(entry, k, v)}" for k, v in value.items())
            return "；".join(said) or "—"
        if value is None or value == "":
            return "—"
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if words := self.found.get((key, value)):
            return str(words)
        return _known_value(entry, key, value)

    def _label(self, entry: AuditEntry, key: str) -> str:
        place = (entry.action, entry.subject_type, key)
        if place not in self.said:
            self.said[place] = field_name(key, action=entry.action, subject_type=entry.subject_type)
        return self.said[place]

    def action(self, entry: AuditEntry) -> str:
        """The action in words."""
        place = (entry.action, "", "")
        if place not in self.said:
            self.said[place] = action_name(entry.action)
        return self.said[place]

    def subject(self, entry: AuditEntry) -> str:
        """The subject's type in words."""
        place = ("", entry.subject_type, "")
        if place not in self.said:
            self.said[place] = subject_name(entry.subject_type)
        return self.said[place]


def _known_value(entry: AuditEntry, key: str, value: Any) -> str:
    """A value by what the apps have said, else by the choices of the subject's own field."""
    known = _special_values.get((entry.action, key), _values.get(key))
    if callable(known):
        return str(known(value))
    if known and value in known:
        return str(known[value])
    field = _model_field(entry.subject_type, key)
    choices = dict(field.flatchoices) if field is not None and field.choices else {}
    return str(choices.get(value, value))


def _flat(value: Any) -> list:
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str | int) and one not in ("", True, False)]


def changes(entry: AuditEntry) -> list[Change]:
    """What one entry's fields say, line by line."""
    return Wording.of([entry]).changes(entry)


name_actions(
    {
        "core.audit_pruned": gettext_lazy("归档审计记录"),
        "core.audit_exported": gettext_lazy("导出审计记录"),
        "core.settings_changed": gettext_lazy("修改学校设置"),
        "core.audit_heads_written": gettext_lazy("补记库外封签"),
    }
)
name_fields(
    {
        "account": gettext_lazy("账号摘要"),
        "action": gettext_lazy("操作"),
        "address": gettext_lazy("住址"),
        "answer": gettext_lazy("答复"),
        "attempt": gettext_lazy("次数"),
        "attempts": gettext_lazy("次数"),
        "branch": gettext_lazy("党组织"),
        "bytes": gettext_lazy("字节数"),
        "changed": gettext_lazy("修改的项目"),
        "code": gettext_lazy("编码"),
        "columns": gettext_lazy("栏目"),
        "count": gettext_lazy("数量"),
        "created": gettext_lazy("新增"),
        "document": gettext_lazy("批复文号"),
        "entries": gettext_lazy("记录条数"),
        "fields": gettext_lazy("项目"),
        "file": gettext_lazy("文件"),
        "filter": gettext_lazy("筛选"),
        "from": gettext_lazy("原"),
        "from_to": gettext_lazy("变动"),
        "kind": gettext_lazy("类别"),
        "language": gettext_lazy("语言"),
        "members": gettext_lazy("党员"),
        "on": gettext_lazy("生效日期"),
        "parent": gettext_lazy("上级党组织"),
        "period": gettext_lazy("期间"),
        "plan": gettext_lazy("计划"),
        "reason": gettext_lazy("原因"),
        "role": gettext_lazy("角色"),
        "rows": gettext_lazy("行数"),
        "seals": gettext_lazy("封签"),
        "sha256": gettext_lazy("文件校验值"),
        "since": gettext_lazy("起始日期"),
        "state": gettext_lazy("状态"),
        "to": gettext_lazy("现"),
        "unchanged": gettext_lazy("未变"),
        "until": gettext_lazy("终止日期"),
        "who": gettext_lazy("操作人"),
        "subject": gettext_lazy("对象"),
        "subject_id": gettext_lazy("对象编号"),
        "subject_type": gettext_lazy("对象类型"),
        "actor": gettext_lazy("操作人编号"),
        "version": gettext_lazy("版本"),
        "why": gettext_lazy("原因"),
    }
)
name_subjects({"core.hostsettings": None})
name_values("action", action_name)
name_values("subject_type", subject_name)

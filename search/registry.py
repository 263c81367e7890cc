"""How upper apps make their objects findable: registered in ``AppConfig.ready``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from search.documents import SearchDocData

Builder = Callable[[Any], SearchDocData | None]


@dataclass(frozen=True)
class Registration:
    """One findable model: how to load its objects and how to describe one of them."""

    model_label: str
    build: Builder
    queryset: Callable[[], models.QuerySet]

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.model_label)


_registrations: dict[str, Registration] = {}
_kinds: dict[str, tuple[int, Any]] = {}


def register(
    model: type[models.Model],
    *,
    build: Builder,
    kinds: Mapping[str, Any],
    queryset: Callable[[], models.QuerySet] | None = None,
) -> None:
    """Make a model findable; saving and deleting its objects then updates the index by itself.

    Args:
        model: the concrete model.
        build: describes one object, or returns None when it must not be found (draft, withdrawn).
        kinds: names of the kinds its documents may have, as shown to members, in display order.
        queryset: objects with all that ``build`` reads already joined or prefetched.
    """
    label = model._meta.label_lower
    _registrations[label] = Registration(
        label, build, queryset or (lambda: model._default_manager.all())
    )
    for kind, name in kinds.items():
        _kinds.setdefault(kind, (len(_kinds), name))


def unregister(model: type[models.Model]) -> None:
    """Forget a model; tests use it to leave no trace."""
    _registrations.pop(model._meta.label_lower, None)


def registration(model_label: str) -> Registration | None:
    """The registration of a model, if any."""
    return _registrations.get(model_label.lower())


def registrations() -> Iterator[Registration]:
    """All registrations, in order of registration."""
    yield from list(_registrations.values())


def kind_name(kind: str) -> str:
    """A kind as shown to members."""
    return str(_kinds[kind][1]) if kind in _kinds else kind


def kind_order(kind: str) -> int:
    """Position of a kind in lists; unknown kinds last."""
    return _kinds[kind][0] if kind in _kinds else len(_kinds)

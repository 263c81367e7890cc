"""How a film may be studied: the school's presets, an item's own wishes, what a plan asks for.

Three voices speak. The *school* has a preset for everything. An *item* may say otherwise for itself
(looser or stricter). A *plan* that requires the item may only make it stricter. What comes out is
settled when a session is opened and signed into its token, so a report never asks again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one visit.

    ``max_rate``: highest rate that counts, hundredths. ``seek_free``: whether what was not seen yet
    may be jumped over. ``check_low``–``check_high``: milliseconds between two check-ins, 0: none.
    ``questions``: whether a question in the film must be answered before what follows counts.
    ``review``: hundredths of the length that watching again may earn.
    """

    max_rate: int
    seek_free: bool = False
    check_low: int = 0
    check_high: int = 0
    questions: bool = True
    review: int = 0

    @property
    def checks_in(self) -> bool:
        """Whether the page has to ask from time to time if somebody is there."""
        return self.check_low > 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What an item or a plan says about studying; None leaves a point as it was.

    ``check_in``: minutes that lie at least between two check-ins (at most twice as many), 0: none.
    """

    max_rate: int | None = None
    seek_free: bool | None = None
    check_in: int | None = None
    questions: bool | None = None
    review: int | None = None


NO_WISH = Wish()


def own(preset: Policy, wish: Wish) -> Policy:
    """The preset with what an item says for itself."""
    changes: dict[str, Any] = {
        name: value
        for name in ("max_rate", "seek_free", "questions", "review")
        if (value := getattr(wish, name)) is not None
    }
    if wish.check_in is not None:
        changes["check_low"] = wish.check_in * MINUTE_MS
        changes["check_high"] = 2 * wish.check_in * MINUTE_MS
    return replace(preset, **changes)


def strictest(policy: Policy, wishes: Iterable[Wish]) -> Policy:
    """The policy narrowed by each plan's wish, never widened."""
    for wish in wishes:
        asked = own(policy, wish)
        sooner = asked.checks_in and (not policy.checks_in or asked.check_low < policy.check_low)
        policy = Policy(
            max_rate=min(policy.max_rate, asked.max_rate),
            seek_free=policy.seek_free and asked.seek_free,
            check_low=asked.check_low if sooner else policy.check_low,
            check_high=asked.check_high if sooner else policy.check_high,
            questions=policy.questions or asked.questions,
            review=min(policy.review, asked.review),
        )
    return policy


def seen_together(policy: Policy) -> Policy:
    """The policy of who has completed it in a gathering and now studies it alone.

    That is a first view, with its rate and its check-ins, for it may be paid by time; questions
    were for who had not seen it, and there is nothing left to jump ahead of.
    """
    return replace(policy, seek_free=True, questions=False)


def again(item: Policy) -> Policy:
    """The policy of who has completed it: no first view any more, so no plan narrows it.

    Nobody is asked for a sign of life where nothing can be earned.
    """
    seen = replace(item, seek_free=True, questions=False)
    return seen if item.review else replace(seen, check_low=0, check_high=0)

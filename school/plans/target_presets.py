"""Starting points for yearly requirements: figures that documents quote, to be checked by the host.

Sources: Regulation on the education and management of members (2019) art. 20 and the national plan
that followed it (members 32, secretaries and committees 56 with one training a year, new
secretaries within half a year); Regulation on cadre education (2023): 90 a year below county level,
online study 50; rules on admitting members: candidates three days or 24. Each says "generally not
less than", so they are proposals and nothing is set by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from school.members.models import MemberStanding, Post
from school.plans.selectors.target_sets import other_sources
from school.plans.services.target_sets import RungDraft, SetDraft

SECRETARIES = ("secretary", "deputy")


@dataclass(frozen=True)
class Preset:
    """A starting point: what people call it, and the draft it gives for a year."""

    name: str
    title: str | Promise
    draft: Callable[[int], SetDraft]


def _set(year: int, name: str, basis: str, *rungs: RungDraft) -> SetDraft:
    sources = tuple(source for source, _label in other_sources())
    return SetDraft(
        year=year, name=name, basis=basis, solo_counts=None, rungs=rungs, sources=sources
    )


def _members(year: int) -> SetDraft:
    posts = list(Post.objects.order_by("rank"))
    heads = tuple(post for post in posts if post.code in SECRETARIES)
    others = tuple(post for post in posts if post.code not in SECRETARIES)
    rungs = []
    if heads:
        rungs.append(RungDraft(_("书记、副书记"), 5600, (), heads, (), True, 6))
    if others:
        rungs.append(RungDraft(_("委员"), 5600, (), others, (), True, None))
    rungs.append(RungDraft(_("党员"), 3200))
    basis = _("《中国共产党党员教育管理工作条例》第二十条")
    return _set(year, _("党员集中学习培训"), basis, *rungs)


def _cadres(year: int) -> SetDraft:
    return _set(
        year,
        _("干部教育培训"),
        _("《干部教育培训工作条例》"),
        RungDraft(_("科级干部"), 9000),
    )


def _online(year: int) -> SetDraft:
    draft = _set(year, _("干部网络自学"), "", RungDraft(_("参加网络自学的干部"), 5000))
    return SetDraft(**{**draft.__dict__, "sources": ()})


def _candidates(year: int) -> SetDraft:
    kinds = (MemberStanding.Kind.CANDIDATE.value,)
    rung = RungDraft(_("发展对象"), 2400, (), (), kinds, True, None)
    return _set(year, _("发展对象短期集中培训"), _("《中国共产党发展党员工作细则》"), rung)


PRESETS = (
    Preset("members", gettext_lazy("党员 32 学时，书记、委员 56 学时"), _members),
    Preset("cadres", gettext_lazy("科级干部 90 学时"), _cadres),
    Preset("online", gettext_lazy("干部网络自学 50 学时"), _online),
    Preset("candidates", gettext_lazy("发展对象 24 学时"), _candidates),
)


def preset(name: str) -> Preset | None:
    """A preset by its name."""
    return next((each for each in PRESETS if each.name == name), None)

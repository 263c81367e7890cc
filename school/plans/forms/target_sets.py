"""The editor of yearly requirements: one form for the set, one for each rung."""

import re
from collections.abc import Iterable

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from school.members.models import Branch, MemberStanding, Post
from school.plans.models import TargetSet
from school.plans.selectors.target_sets import other_sources
from school.plans.services.target_sets import RungDraft, SetDraft

SUGGESTED = 300
MOST_RUNGS = 12
YES, NO = "yes", "no"
# Fields with several answers.
MANY = {"sources", "posts", "kinds"}


class SetForm(forms.Form):
    """Year, name, what counts, and what happens when somebody changes post or joins."""

    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100)
    name = forms.CharField(
        label=_("名称"), max_length=60, help_text=_("党员会看到，例如“党员集中学习培训”。")
    )
    basis = forms.CharField(
        label=_("依据"),
        max_length=200,
        required=False,
        help_text=_("文件名称和条款，党员可以查看。"),
    )
    solo_counts = forms.ChoiceField(
        label=_("网上自学（本人在线学习、测验）是否计入"),
        widget=forms.RadioSelect,
        choices=[(YES, _("计入")), (NO, _("不计入，只算集中学习"))],
        help_text=_("上级文件只写“集中学习培训”，网上自学算不算由本单位决定，没有默认答案。"),
        error_messages={"required": _("请回答网上自学是否计入。")},
    )
    sources = forms.MultipleChoiceField(
        label=_("其他计入来源"), required=False, widget=forms.CheckboxSelectMultiple
    )
    change = forms.ChoiceField(
        label=_("年中职务变动"),
        widget=forms.RadioSelect,
        choices=TargetSet.Change.choices,
        initial=TargetSet.Change.MONTHS,
        help_text=_("每月以 15 日的职务为准。"),
    )
    joiners = forms.ChoiceField(
        label=_("年中加入"),
        widget=forms.RadioSelect,
        choices=TargetSet.Joiners.choices,
        initial=TargetSet.Joiners.MONTHS,
        help_text=_("名册是年中才导入的，请选“按全年要求”，否则全体人员都按在册月数折算。"),
    )

    def __init__(self, *args, fixed: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sources"].choices = other_sources()
        if fixed:
            for name in ("year", "name"):
                self.fields[name].disabled = True


class RungForm(forms.Form):
    """One rung: whom it is for, how many hours, which training. The first that fits decides."""

    label = forms.CharField(label=_("档次名称"), max_length=30)
    hours = forms.DecimalField(label=_("全年应修学时"), min_value=0, max_digits=6, decimal_places=2)
    branches = forms.CharField(
        label=_("党组织（含下级）"),
        required=False,
        max_length=400,
        help_text=_("编码或全称，多个用顿号分开；留空为全校。"),
        widget=forms.TextInput(attrs={"list": "branches-of-rungs", "autocomplete": "off"}),
    )
    posts = forms.MultipleChoiceField(
        label=_("担任职务之一"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选为不限职务。"),
    )
    kinds = forms.MultipleChoiceField(
        label=_("人员类别"),
        required=False,
        choices=MemberStanding.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选为全部计入应学的类别。"),
    )
    training = forms.BooleanField(label=_("当年至少参加一次集中培训"), required=False)
    new_post_months = forms.IntegerField(
        label=_("新任职后几个月内参加集中培训"),
        required=False,
        min_value=1,
        max_value=24,
        help_text=_("留空为不要求；填写时要选职务。"),
    )

    def __init__(self, *args, posts: dict[str, Post], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.offered = posts
        self.fields["posts"].choices = [(key, post.name) for key, post in posts.items()]

    def clean_branches(self) -> list[Branch]:
        given = [part.strip() for part in re.split(r"[、,，;；]", self.cleaned_data["branches"])]
        found = []
        for text in filter(None, given):
            rows = Branch.objects.filter(Q(code=text) | Q(name=text), dissolved_on=None)
            branch = rows.first()
            if branch is None:
                raise forms.ValidationError(
                    _now("没有找到党组织“%(text)s”，请填写编码或全称。") % {"text": text[:40]}
                )
            found.append(branch)
        return found

    def clean_hours(self):
        hours = self.cleaned_data["hours"]
        if not hours:
            raise forms.ValidationError(_now("应修学时要大于 0。"))
        return hours

    def clean(self) -> dict:
        data = super().clean()
        if data.get("new_post_months") and not data.get("posts"):
            self.add_error("posts", _now("填写新任职培训期限时，要选择职务。"))
        return data

    @property
    def draft(self) -> RungDraft:
        """The rung as the service takes it."""
        data = self.cleaned_data
        return RungDraft(
            label=data["label"],
            credit=int(data["hours"] * 100),
            branches=tuple(data["branches"]),
            posts=tuple(self.offered[key] for key in data["posts"]),
            kinds=tuple(data["kinds"]),
            training=data["training"],
            new_post_months=data["new_post_months"],
        )


class BaseRungs(forms.BaseFormSet):
    """Rungs in order; those marked for removal and untouched ones are left out."""

    def clean(self) -> None:
        if any(self.errors):
            return
        drafts = self.drafts
        if not drafts:
            raise forms.ValidationError(_now("请至少填写一档要求。"))
        labels = [draft.label for draft in drafts]
        if len(set(labels)) != len(labels):
            raise forms.ValidationError(_now("各档的名称不能重复。"))

    @property
    def drafts(self) -> list[RungDraft]:
        """What is left, in order."""
        kept = [
            form
            for form in self.forms
            if form.is_valid() and form.has_changed() and not form.cleaned_data.get("DELETE")
        ]
        return [form.draft for form in kept]


def rung_formset(extra: int) -> type[BaseRungs]:
    """A formset with some empty rungs at its end."""
    return forms.formset_factory(
        RungForm,
        formset=BaseRungs,
        extra=extra,
        can_delete=True,
        max_num=MOST_RUNGS,
        absolute_max=MOST_RUNGS,
    )


def offered_posts() -> dict[str, Post]:
    """Posts a rung may name, by key. One query for all rungs of a page."""
    return {str(post.pk): post for post in Post.objects.order_by("rank", "pk")}


def draft_of(form: SetForm, rungs: BaseRungs) -> SetDraft:
    """Both forms as the service takes them."""
    data = form.cleaned_data
    return SetDraft(
        year=data["year"],
        name=data["name"],
        basis=data["basis"],
        solo_counts=data["solo_counts"] == YES,
        sources=tuple(data["sources"]),
        change=data["change"],
        joiners=data["joiners"],
        rungs=tuple(rungs.drafts),
    )


def initial_set(draft: SetDraft) -> dict:
    """A set as the form shows it; without an answer on study alone none is chosen."""
    answers = {True: YES, False: NO, None: None}
    return {
        "year": draft.year,
        "name": draft.name,
        "basis": draft.basis,
        "solo_counts": answers[draft.solo_counts],
        "sources": list(draft.sources),
        "change": draft.change,
        "joiners": draft.joiners,
    }


def initial_rungs(draft: SetDraft) -> list[dict]:
    """Rungs as their forms show them."""
    return [
        {
            "label": rung.label,
            "hours": rung.credit / 100,
            "branches": "、".join(branch.code for branch in rung.branches),
            "posts": [str(post.pk) for post in rung.posts],
            "kinds": list(rung.kinds),
            "training": rung.training,
            "new_post_months": rung.new_post_months,
        }
        for rung in draft.rungs
    ]


def given_set(posted: QueryDict) -> dict:
    """What of the set has been filled in so far, to be shown again without being judged."""
    return _given(posted, SetForm.base_fields, "")


def given_rungs(posted: QueryDict) -> list[dict]:
    """The same of each rung."""
    rows = posted.get("rungs-TOTAL_FORMS", "")
    count = int(rows) if rows.isdecimal() and len(rows) < 4 else 0
    return [
        _given(posted, RungForm.base_fields, f"rungs-{index}-")
        for index in range(min(count, MOST_RUNGS))
    ]


def _given(posted: QueryDict, fields: Iterable[str], prefix: str) -> dict:
    return {
        name: posted.getlist(prefix + name) if name in MANY else posted.get(prefix + name)
        for name in fields
        if prefix + name in posted or name in MANY
    }


class WithdrawForm(forms.Form):
    """Why a set in force is withdrawn."""

    reason = forms.CharField(label=_("撤销原因"), max_length=200)

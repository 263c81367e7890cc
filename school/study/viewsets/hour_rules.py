"""Versions of the hour rule in the admin: written, held against last month, then confirmed."""

from datetime import date, timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import InspectView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from school.core import clock, jobs, wording
from school.core.errors import DomainError
from school.core.models import Job
from school.study.forms.hours import HourRuleForm, RecreditForm
from school.study.models import HourEntry, HourRule
from school.study.permissions import may_read_ledger, may_run_hours
from school.study.rules import presets
from school.study.services import recredit as anew
from school.study.services.hour_rules import add_hour_rule
from school.study.viewsets.desk import HoursPolicy, check_runs_hours, job_of, page

register_permission_policy(HourRule, HoursPolicy(HourRule, view=may_read_ledger, add=may_run_hours))


def _above() -> tuple[str, str]:
    return reverse("hour_rules:index"), _("学时规则")


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Write a version, from a preset or from the one in force; its effect is shown next."""
    check_runs_hours(request)
    if request.method == "POST":
        form = HourRuleForm(request.POST)
        if form.is_valid():
            return _work_out(request, form)
        chosen = presets.preset(form.data.get("preset", ""))
    else:
        chosen = presets.preset(request.GET.get("preset", ""))
        form = HourRuleForm(initial=_starting(chosen))
    context = {"form": form, "presets": presets.PRESETS, "chosen": chosen}
    return page(request, "rule_add", _("新增学时规则"), context, _above())


def _starting(chosen: presets.Preset | None) -> dict:
    names = (*HourRuleForm.base_fields,)
    terms = {"pays_again": True, **presets.PRESETS[1].terms}
    latest = HourRule.objects.order_by("-version").first()
    if chosen:
        terms |= chosen.terms
    elif latest:
        terms = {field.name: getattr(latest, field.name) for field in HourRule._meta.fields}
    start = HourRuleForm.starting(terms) | {"preset": chosen.key if chosen else ""}
    return {name: start[name] for name in names if name in start}


def _last_month() -> tuple[date, date]:
    last = clock.today().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _work_out(request: HttpRequest, form: HourRuleForm) -> HttpResponse:
    """Hold the terms against last month: at once for few members, else by a job."""
    since, until = _last_month()
    job = jobs.enqueue(
        anew.EFFECT,
        title=_("试算新学时规则的影响"),
        payload={
            "terms": form.terms(),
            "effective_from": str(form.cleaned_data["effective_from"]),
            "since": str(since),
            "until": str(until),
        },
        by=request.user,
    )
    _run_when_small(job, since, until)
    return redirect("hour_rules:effect", job.pk)


def _run_when_small(job: Job, since: date, until: date) -> None:
    studied = HourEntry.objects.filter(studied_on__gte=since, studied_on__lte=until)
    limit = settings.STUDY_EFFECT_MEMBERS
    few = studied.order_by().values("member_id").distinct()[: limit + 1].count() <= limit
    if few:
        jobs.run(job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def effect(request: HttpRequest, pk: int) -> HttpResponse:
    """What the terms would have paid last month; confirmed here."""
    check_runs_hours(request)
    job = job_of(anew.EFFECT, pk)
    payload = job.payload
    if "terms" not in payload:
        return redirect("hour_rules:trial", pk)
    if request.method == "POST" and job.state == Job.State.DONE:
        try:
            rule = add_hour_rule(
                effective_from=date.fromisoformat(payload["effective_from"]),
                by=request.user,
                **payload["terms"],
            )
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("已新增第 %(n)s 版学时规则。") % {"n": rule.version})
            return redirect("hour_rules:index")
    context = _told(job) | {
        "effective_from": payload["effective_from"],
        "preset": presets.preset(payload["terms"]["preset"]),
    }
    return page(request, "rule_effect", _("核对影响"), context, _above())


def _told(job: Job) -> dict:
    result = job.result if job.state == Job.State.DONE else {}
    labels = dict(HourEntry.Source.choices)
    return {
        "job": job,
        "since": job.payload.get("since", ""),
        "until": job.payload.get("until", ""),
        "effect": result,
        "sources": [
            {
                "label": labels.get(source, source),
                "now": wording.hours(now),
                "then": wording.hours(then),
                "change": ("+" if then > now else "") + wording.hours(then - now),
            }
            for source, (now, then) in sorted(result.get("sources", {}).items())
        ],
    }


# -- crediting past study anew -------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def recredit(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the study days a version is to count for; a trial comes first."""
    check_runs_hours(request)
    rule = get_object_or_404(HourRule, pk=pk)
    form = RecreditForm(request.POST or None, initial=RecreditForm.starting())
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            anew.check_days(given["since"], given["until"])
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            return _try(request, rule, given)
    context = {"form": form, "rule": rule, "past": rule.recredits.select_related("started_by")}
    return page(request, "recredit", _("重新核算"), context, _above())


def _try(request: HttpRequest, rule: HourRule, given: dict) -> HttpResponse:
    job = jobs.enqueue(
        anew.EFFECT,
        subject=rule,
        title=_("试算重新核算的影响"),
        payload={
            "rule": rule.pk,
            "since": str(given["since"]),
            "until": str(given["until"]),
            "reason": given["reason"],
        },
        by=request.user,
    )
    _run_when_small(job, given["since"], given["until"])
    return redirect("hour_rules:trial", job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """What crediting anew would change; started here."""
    check_runs_hours(request)
    job = job_of(anew.EFFECT, pk)
    payload = job.payload
    if "rule" not in payload:
        return redirect("hour_rules:effect", pk)
    rule = get_object_or_404(HourRule, pk=payload["rule"])
    if request.method == "POST" and job.state == Job.State.DONE:
        try:
            started = anew.start_recredit(
                rule=rule,
                since=date.fromisoformat(payload["since"]),
                until=date.fromisoformat(payload["until"]),
                reason=payload["reason"],
                by=request.user,
            )
        except DomainError as error:
            messages.error(request, error.message)
        else:
            return redirect("hour_rules:run", started.pk)
    context = _told(job) | {"rule": rule, "reason": payload["reason"]}
    return page(request, "recredit_trial", _("核对影响"), context, _above())


@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """How far crediting anew has come."""
    check_runs_hours(request)
    job = job_of(anew.RECREDIT, pk)
    return page(request, "recredit_run", job.title, {"job": job}, _above())


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop crediting anew; who has been done stays done, the rest follows when it is run again."""
    check_runs_hours(request)
    job = job_of(anew.RECREDIT, pk)
    try:
        jobs.cancel(job)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("已停止。已核算的保持不变，再次执行会接着核算其余人员。"))
    return redirect("hour_rules:run", pk)


class RuleInspect(InspectView):
    """One version, with what it was begun from and the way to credit past study by it."""

    template_name = "study/admin/rule.html"

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(**kwargs) | {
            "preset": presets.preset(self.object.preset),
            "may_run": may_run_hours(self.request.user),
        }


class HourRuleViewSet(ModelViewSet):
    """Versions of the hour rule: listed, looked at, added."""

    model = HourRule
    name = "hour_rules"
    icon = "cog"
    menu_label = gettext_lazy("学时规则")
    list_display = [
        Column("version", label=gettext_lazy("版本")),
        Column("effective_from", label=gettext_lazy("生效日期")),
        Column("get_mode_display", label=gettext_lazy("方式")),
        Column("minutes_per_hour", label=gettext_lazy("每学时分钟数")),
        Column(lambda rule: wording.hours(rule.quiz_bonus), label=gettext_lazy("测验加计")),
        Column(lambda rule: wording.hours(rule.daily_cap), label=gettext_lazy("每日上限")),
        Column("basis", label=gettext_lazy("规则依据")),
    ]
    inspect_view_enabled = True
    inspect_view_class = RuleInspect
    copy_view_enabled = False
    form_fields = ["basis"]

    def get_urlpatterns(self):
        kept = [each for each in super().get_urlpatterns() if each.name != "add"]
        return [
            *kept,
            path("new/", add, name="add"),
            path("effect/<int:pk>/", effect, name="effect"),
            path("recredit/<int:pk>/", recredit, name="recredit"),
            path("trial/<int:pk>/", trial, name="trial"),
            path("run/<int:pk>/", run, name="run"),
            path("run/<int:pk>/cancel/", cancel, name="cancel"),
        ]

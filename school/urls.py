"""Composition root of all addresses."""

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404
from django.urls import include, path
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls
from wagtail.utils.urlpatterns import decorate_urlpatterns


def _absent(request, *args, **kwargs):
    """Wagtail's own sign-in, password, user and group views do not exist here (decision 15).

    Roles are written by the grant service alone, and nobody sets another's password.
    """
    raise Http404


def _admin_csp(view):
    return csp_replace(settings.ADMIN_CSP)(view)


admin_patterns = [
    path("admin/login/", RedirectView.as_view(url="/sign-in/?next=/admin/")),
    path("admin/logout/", _absent),
    path("admin/password_reset/", _absent),
    path("admin/password_reset/<path:rest>", _absent),
    path("admin/users/", _absent),
    path("admin/users/<path:rest>", _absent),
    path("admin/groups/", _absent),
    path("admin/groups/<path:rest>", _absent),
    path("admin/bulk/members/<path:rest>", _absent),
    path("admin/", include(wagtailadmin_urls)),
]

# Other ways in exist only where the host has switched one on (docs/operators.md).
sso_patterns = (
    [path("sign-in/with/", include("school.members.urls.sso"))] if settings.SIGN_IN_DOORS else []
)

urlpatterns = [
    path("", include("school.core.urls")),
    path("", include("school.members.urls")),
    *sso_patterns,
    path("", include("school.study.urls")),
    path("", include("school.plans.urls")),
    path("", include("school.gatherings.urls")),
    path("", include("school.notices.urls")),
    path("", include("media.urls")),
    path("search/", include("search.urls")),
    path("courses/", include("courses.urls")),
    path("", include("quizzes.urls")),
    path("", include("school.reports.urls")),
    path("documents/", include(wagtaildocs_urls)),
    *decorate_urlpatterns(admin_patterns, _admin_csp),
    path("", include(wagtail_urls)),
]

handler404 = "django.views.defaults.page_not_found"

"""Addresses of pages within the site a request came to."""

from django.http import HttpRequest
from django.urls import reverse
from wagtail.models import Page, Site


def address(page: Page, request: HttpRequest) -> str:
    """Path of a page below the root of the request's site.

    ``Page.get_url`` looks the roots of all sites up in the cache, which without Redis is one more
    statement for every request; the one root that matters has been read with the site.
    """
    root = Site.find_for_request(request).root_page
    return reverse("wagtail_serve", args=[page.url_path.removeprefix(root.url_path)])

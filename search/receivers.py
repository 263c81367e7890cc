"""What makes the index follow: saves, deletes, publishing, moving, and edits of the glossary."""

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from wagtail.models import Page
from wagtail.signals import page_published, page_unpublished, post_page_move

from school.members.models import Audience
from search import analysis, registry
from search.models import GlossaryTerm, Outbox
from search.services import documents, outbox


@receiver(post_save, dispatch_uid="search_saved")
def saved(sender, instance, raw=False, **kwargs) -> None:
    """A registered object was saved."""
    if not raw and registry.registration(sender._meta.label_lower):
        outbox.enqueue(sender._meta.label_lower, instance.pk)


@receiver(post_delete, dispatch_uid="search_deleted")
def deleted(sender, instance, **kwargs) -> None:
    """A registered object was deleted."""
    if registry.registration(sender._meta.label_lower):
        outbox.enqueue(sender._meta.label_lower, instance.pk, op=Outbox.Op.DELETE)


def _page_changed(page: Page) -> None:
    label = page.specific_class._meta.label_lower if page.specific_class else ""
    if registry.registration(label):
        outbox.enqueue(label, page.pk)


@receiver(page_published, dispatch_uid="search_page_published")
@receiver(page_unpublished, dispatch_uid="search_page_unpublished")
def page_state_changed(sender, instance, **kwargs) -> None:
    """A page went live or was withdrawn, perhaps through its base class."""
    _page_changed(instance)


@receiver(post_page_move, dispatch_uid="search_page_moved")
def page_moved(sender, instance, url_path_before, url_path_after, **kwargs) -> None:
    """A page moved; its address and those below it changed."""
    if url_path_before == url_path_after:
        return
    for page in Page.objects.descendant_of(instance, inclusive=True).select_related("content_type"):
        _page_changed(page)


@receiver(post_save, sender=Audience, dispatch_uid="search_audience_saved")
def audience_saved(sender, instance, raw=False, created=False, **kwargs) -> None:
    """An audience may have been opened or narrowed: what names it gets another token."""
    if raw or created:
        return
    for registration in registry.registrations():
        for field in registration.model._meta.get_fields():
            if field.concrete and field.related_model is Audience and field.many_to_one:
                rows = registration.model.objects.filter(**{field.name: instance})
                for pk in rows.values_list("pk", flat=True):
                    outbox.enqueue(registration.model_label, pk)


@receiver(post_save, sender=GlossaryTerm, dispatch_uid="search_term_saved")
def term_saved(sender, instance, raw=False, **kwargs) -> None:
    """A glossary term changed: this process uses it at once, and it is offered while typing."""
    analysis.forget()
    if not raw:
        documents.suggest_term(instance)


@receiver(post_delete, sender=GlossaryTerm, dispatch_uid="search_term_deleted")
def term_deleted(sender, instance, **kwargs) -> None:
    """A glossary term is gone."""
    analysis.forget()
    documents.forget_term(instance)

"""What pages about people share: a service whose refusal becomes an error of the form."""

from school.core.errors import DomainError


def attempt(form, work, *, rename: dict[str, str] | None = None):
    """Run a service; a refusal becomes an error of the form. Returns (done, result)."""
    try:
        return True, work()
    except DomainError as error:
        field = (rename or {}).get(error.field, error.field)
        form.add_error(field if field in form.fields else None, error.message)
        return False, None

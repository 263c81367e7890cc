"""What a browser's own store may know of the people who use it."""

from django.utils.crypto import salted_hmac


def member_key(pk: int) -> str:
    """A name for a member in the browser's store: stable, and tells nobody who it is."""
    return salted_hmac("school.study.queue", str(pk), algorithm="sha256").hexdigest()[:20]

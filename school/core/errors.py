"""Errors a person can cause. Each carries a Chinese message that says what to do."""


class DomainError(Exception):
    """Base of all refusals. ``status`` is the HTTP status of the page that shows it."""

    status = 400

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = str(message)
        self.field = field


class SignedOut(DomainError):
    """Nobody is signed in any more; a page answers with the way to the sign-in."""

    status = 401


class NotAllowed(DomainError):
    """The person may know of the thing, but may not do this to it."""

    status = 403


class NotFound(DomainError):
    """The thing does not exist for this person (also: it belongs to a foreign branch)."""

    status = 404


class Conflict(DomainError):
    """Somebody else was faster, or the thing has moved on."""

    status = 409


class TooMany(DomainError):
    """Too often; the message says when to try again. ``retry_after``: seconds, for programs."""

    status = 429

    def __init__(
        self, message: str, *, field: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message, field=field)
        self.retry_after = retry_after

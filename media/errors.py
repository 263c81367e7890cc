"""Refusals of the video pipeline that a person can do something about."""

from school.core.errors import Conflict, DomainError


class Rejected(DomainError):
    """The file is no video the school can use; the message says why. Trying again is useless."""

    status = 422


class DiskFull(DomainError):
    """Not enough room; an operator has to make some, then the job can be retried."""

    status = 507


class ToolMissing(DomainError):
    """ffmpeg is absent or lacks a part; an operator has to install it."""

    status = 503


class Locked(Conflict):
    """Another request is writing to the same upload (tus: 423)."""

    status = 423


class Gone(DomainError):
    """The upload or link has expired."""

    status = 410

"""The audit trail: entries, the seals that chain them, their verification, their archive.

Entries are written inside the audited transaction without any lock. Every minute the sealer takes
what has become visible and binds it and the seal before with an HMAC; the head of the chain also
goes to a file outside the database, so cutting the tail of the tables shows.
"""

from school.core.audit.archive import prune
from school.core.audit.entries import address_prefix, client_address, coming_from, record
from school.core.audit.seals import seal, seal_all, write_heads
from school.core.audit.verification import Verification, verify

__all__ = [
    "Verification",
    "address_prefix",
    "client_address",
    "coming_from",
    "prune",
    "record",
    "seal",
    "seal_all",
    "verify",
    "write_heads",
]

"""Nouns of people and branches, one module each."""

from school.members.models.access import (
    Consent,
    CorrectionRequest,
    KnownDevice,
    OneTimeCode,
    SignInThrottle,
)
from school.members.models.audience import Audience, AudienceRule
from school.members.models.branch import Branch, BranchPlacement
from school.members.models.member import Member, MemberStanding
from school.members.models.membership import Membership, Post, PostHolding
from school.members.models.record import MemberRecord
from school.members.models.role import RoleGrant, Section
from school.members.models.roster import RosterExport, RosterImport
from school.members.models.session import PasswordUsed, SignInSession
from school.members.models.transfer import Transfer

__all__ = [
    "Audience",
    "AudienceRule",
    "Branch",
    "BranchPlacement",
    "Consent",
    "CorrectionRequest",
    "KnownDevice",
    "Member",
    "MemberRecord",
    "MemberStanding",
    "Membership",
    "OneTimeCode",
    "PasswordUsed",
    "Post",
    "PostHolding",
    "RoleGrant",
    "RosterExport",
    "RosterImport",
    "Section",
    "SignInSession",
    "SignInThrottle",
    "Transfer",
]

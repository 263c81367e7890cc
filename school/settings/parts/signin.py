"""Signing in: codes, limits, passwords, idle sessions, the second step, other doors.

Where a preset differs by role, the strictest of a member's roles holds; ``superuser`` is the
account that ``createsuperuser`` made, and the empty name stands for everybody else.
"""

from school.settings import env

# Who administers: shorter idle time, expiring passwords, a second step in production.
ADMINISTRATORS = (
    "committee_admin",
    "school_admin",
    "auditor",
    "security_admin",
    "system_admin",
    "superuser",
)

# One-time codes.
SIGN_IN_ONE_TIME_CODE_HOURS = 24
SIGN_IN_SLIP_DAYS = 7
SIGN_IN_SLIPS_AT_ONCE = 500

# Failures: one account from one address prefix pauses; an account as a whole is only slowed, and
# known devices not even that; an address as a whole is only slowed, and only far above what a
# meeting room does.
SIGN_IN_FAILURES = 5
SIGN_IN_LOCK_MINUTES = 15
SIGN_IN_ADDRESS_FAILURES = 300
SIGN_IN_ADDRESS_PER_MINUTE = 60

# Passwords: days until a new one is asked for (0: never), and how many earlier ones are barred.
SIGN_IN_PASSWORD_DAYS = {"": 0} | dict.fromkeys(ADMINISTRATORS, 90)
SIGN_IN_PASSWORDS_BARRED = 5

# Minutes without a request or an accepted report of study after which a session ends.
SIGN_IN_IDLE_MINUTES = {
    "": 7 * 24 * 60,
    "committee_admin": 30,
    "school_admin": 30,
    "auditor": 15,
    "security_admin": 15,
    "system_admin": 15,
    "superuser": 15,
}
# An active session notes at most this often that it is active.
SIGN_IN_SEEN_SECONDS = 60
# Sessions are listed for this long (GB/T 22239 asks for sign-in logs of six months).
SIGN_IN_SESSION_DAYS = 180
# What changes the door itself asks for the password again after this long.
SIGN_IN_FRESH_MINUTES = 10

# Roles that must have a second step. Production asks all administrators (production.py).
SIGN_IN_SECOND_STEP_ROLES: tuple[str, ...] = tuple(
    role for role in env.items("SECOND_STEP_ROLES") if role != "none"
)

# django-allauth: authenticators only. Its own pages are not routed, it sends no mail and makes no
# account; ours are the views, the words and the door.
ALLAUTH_APPS = ["allauth", "allauth.account", "allauth.mfa"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "staff_number"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "school.members.second_step_adapter.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_COUNT = 10
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False

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

# Other doors, each off until its variables are set. They let in members of the roster only and
# make nobody: the named claim must hold a staff number or a mobile number of the roster.
SIGN_IN_DOORS: list[dict[str, str]] = []
SOCIALACCOUNT_PROVIDERS: dict[str, dict] = {}
SOCIALACCOUNT_ADAPTER = "school.members.sso_adapter.RosterAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form that leads to another site is barred by the CSP
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_ONLY = False


def _door(
    provider: str, app: str, name: str, claim: str, client: tuple[str, str], **settings
) -> None:
    """Switch a provider of django-allauth on; ``client`` names the variables of its account."""
    key, secret = (env.text(variable) for variable in client)
    SIGN_IN_DOORS.append({"id": provider, "app": app, "name": name, "claim": claim})
    config = {"client_id": key, "secret": secret, "name": name, "settings": settings}
    if provider == "openid_connect":
        config["provider_id"] = "oidc"
    SOCIALACCOUNT_PROVIDERS[provider] = {"APPS": [config], "OAUTH_PKCE_ENABLED": True}


_PROVIDERS = "allauth.socialaccount.providers"
if env.text("OIDC_URL"):
    _door(
        "openid_connect",
        f"{_PROVIDERS}.openid_connect",
        env.text("OIDC_NAME"),
        env.text("OIDC_CLAIM"),
        ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"),
        server_url=env.text("OIDC_URL"),
        scope=env.text("OIDC_SCOPE").split(),
    )
if env.text("DINGTALK_CLIENT_ID"):
    _door(
        "dingtalk",
        f"{_PROVIDERS}.dingtalk",
        "钉钉",
        "mobile",
        ("DINGTALK_CLIENT_ID", "DINGTALK_CLIENT_SECRET"),
    )
if env.text("FEISHU_CLIENT_ID"):
    _door(
        "feishu",
        f"{_PROVIDERS}.feishu",
        "飞书",
        "employee_no mobile",
        ("FEISHU_CLIENT_ID", "FEISHU_CLIENT_SECRET"),
    )
if env.text("WECOM_CORP_ID"):
    env.require(["WECOM_AGENT_ID", "WECOM_SECRET"])
    _door(
        "wecom",
        "school.members.wecom",
        "企业微信",
        "userid",
        ("WECOM_CORP_ID", "WECOM_SECRET"),
        agent_id=env.text("WECOM_AGENT_ID"),
        api_url=env.text("WECOM_API_URL"),
        login_url=env.text("WECOM_LOGIN_URL"),
        inside_url=env.text("WECOM_INSIDE_URL"),
        oauth_pkce_enabled=False,  # it knows of none
    )
if SIGN_IN_DOORS:
    ALLAUTH_APPS += ["allauth.socialaccount", *(door["app"] for door in SIGN_IN_DOORS)]

# A directory (LDAP, Active Directory) checks passwords after the school's own have been tried.
SIGN_IN_BACKENDS = ["school.members.backends.MemberBackend"]
if env.text("LDAP_URL"):
    SIGN_IN_BACKENDS.append("school.members.ldap_backend.DirectoryBackend")
    AUTH_LDAP_SERVER_URI = env.text("LDAP_URL")
    AUTH_LDAP_BIND_DN = env.text("LDAP_BIND_DN")
    AUTH_LDAP_BIND_PASSWORD = env.text("LDAP_BIND_PASSWORD")
    AUTH_LDAP_START_TLS = env.flag("LDAP_START_TLS")
    AUTH_LDAP_NO_NEW_USERS = True
    AUTH_LDAP_ALWAYS_UPDATE_USER = False
    SIGN_IN_LDAP_BASE = env.text("LDAP_BASE")
    SIGN_IN_LDAP_FILTER = env.text("LDAP_FILTER")

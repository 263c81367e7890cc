"""Addresses of the door: the second step, one's own security, codes for a branch, the guard."""

from django.urls import path

from school.members.views import codes, guarding, security, signin

urlpatterns = [
    path("sign-in/second-step/", signin.second_sign_in, name="second_sign_in"),
    path(
        "sign-in/second-step/passkey/",
        signin.second_sign_in_options,
        name="second_sign_in_options",
    ),
    path("branch/<int:branch_id>/codes/", codes.branch_codes, name="branch_codes"),
    path("codes/to-look-at/", codes.codes_to_look_at, name="codes_to_look_at"),
    path("members/<int:member_id>/sign-in/", guarding.guarded, name="guarded"),
    path(
        "members/<int:member_id>/sign-in/end-sessions/",
        guarding.end_all_sessions,
        name="end_all_sessions",
    ),
    path(
        "members/<int:member_id>/sign-in/reset-second-step/",
        guarding.reset_second_step,
        name="reset_second_step",
    ),
    path("me/security/", security.security, name="security"),
    path("me/security/prove/", security.prove, name="prove"),
    path("me/security/password/", security.password, name="password"),
    path("me/security/sessions/<int:session_id>/end/", security.end_session, name="end_session"),
    path(
        "me/security/sessions/end-others/",
        security.end_other_sessions,
        name="end_other_sessions",
    ),
    path("me/security/second-step/", security.second_step_home, name="second_step"),
    path("me/security/second-step/app/", security.add_app, name="add_app"),
    path("me/security/second-step/passkey/", security.add_passkey, name="add_passkey"),
    path(
        "me/security/second-step/passkey/options/",
        security.passkey_options,
        name="passkey_options",
    ),
    path(
        "me/security/second-step/recovery-codes/",
        security.recovery_codes,
        name="recovery_codes",
    ),
    path(
        "me/security/second-step/<int:authenticator_id>/remove/",
        security.remove_authenticator,
        name="remove_authenticator",
    ),
]

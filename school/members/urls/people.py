"""Addresses of the list of members, records, transfers and corrections."""

from django.urls import path

from school.members.views import corrections, people, people_acts, person, transfers

urlpatterns = [
    path("branch/<int:branch_id>/people/", people.people, name="people"),
    path("branch/<int:branch_id>/people/new/", people.enrol, name="enrol"),
    path("branch/<int:branch_id>/people/act/", people_acts.people_act, name="people_act"),
    path("branch/people/<int:member_id>/", person.person, name="person"),
    path("branch/people/<int:member_id>/edit/", person.edit, name="person_edit"),
    path("branch/people/<int:member_id>/standing/", person.standing, name="person_standing"),
    path("branch/people/<int:member_id>/post/", person.post, name="person_post"),
    path("branch/people/<int:member_id>/attach/", person.attach, name="person_attach"),
    path("branch/people/<int:member_id>/transfer/", transfers.send, name="transfer_send"),
    path("branch/posts/<int:holding_id>/end/", person.post_end, name="post_end"),
    path("branch/attached/<int:membership_id>/end/", person.attach_end, name="attach_end"),
    path("branch/<int:branch_id>/transfers/", transfers.transfers, name="transfers"),
    path("branch/transfers/<int:transfer_id>/", transfers.transfer, name="transfer"),
    path("branch/transfers/<int:transfer_id>/receive/", transfers.receive, name="transfer_receive"),
    path("branch/transfers/<int:transfer_id>/return/", transfers.send_back, name="transfer_return"),
    path("branch/transfers/<int:transfer_id>/letter/", transfers.letter, name="transfer_letter"),
    path(
        "branch/transfers/<int:transfer_id>/withdraw/", transfers.withdraw, name="transfer_withdraw"
    ),
    path("branch/<int:branch_id>/corrections/", corrections.corrections, name="corrections"),
    path(
        "branch/corrections/<int:correction_id>/answer/",
        corrections.answer,
        name="correction_answer",
    ),
]

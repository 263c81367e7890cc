"""Slots of the navigation that this app shows.

Apps above and below add a row to 我的 by registering a place in the slot ``me``::

    navigation.register(Place("mistakes", _("错题本"), "quizzes:mistakes", icon="mistakes",
                              order=30, slot="me"))
"""

ME = "me"

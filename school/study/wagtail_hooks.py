from wagtail import hooks

from school.study.viewsets import HoursGroup


@hooks.register("register_admin_viewset")
def register_hours():
    return HoursGroup()

"""Registration with the Wagtail admin; nothing else."""

from wagtail import hooks

from school.plans.viewsets import TargetSetViewSet


@hooks.register("register_admin_viewset")
def register_target_sets():
    return TargetSetViewSet("target_sets")

"""Form widgets of people and branches."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _


class BranchPicker(forms.TextInput):
    """A text box that finds a branch by name or code, and browses the tree.

    Without scripts it stays a text box: the code, or a full name, is typed (``fields.BranchField``
    reads it). With ``js/branch-picker.js`` it becomes a combobox.

    Args:
        reach: which branches are offered: a key of ``views.branches.REACHES``.
    """

    template_name = "members/branch_picker.html"

    def __init__(self, attrs: dict | None = None, *, reach: str = "manage") -> None:
        super().__init__(attrs)
        self.reach = reach
        # Only what lies below this branch is offered; nothing: all of the reach.
        self.within: int | None = None

    class Media:
        js = ("school/js/branch-picker.js",)

    def get_context(self, name, value, attrs) -> dict:
        context = super().get_context(name, value, attrs)
        context["widget"]["url"] = f"{reverse('members:branches')}?for={self.reach}"
        if self.within is not None:
            context["widget"]["url"] += f"&within={self.within}"
        context["widget"]["attrs"].setdefault("placeholder", _("输入名称或编码查找"))
        context["widget"]["attrs"].setdefault("autocomplete", "off")
        return context

"""The member's record (党员信息): what an organisation keeps beside the account."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from school.core.encrypted import encrypted_column
from school.members.models.member import Member
from school.members.rules.masks import mask_address

ADDRESS = encrypted_column("members.memberrecord", "address_cipher", binding="member.binding")


class MemberRecord(models.Model):
    """Optional facts, each empty until known; a school that only studies needs none of them.

    Kept apart from the account, so that no request of a studying member reads them. The home
    address is encrypted like the personal numbers.
    """

    class Sex(models.TextChoices):
        MALE = "male", _("男")
        FEMALE = "female", _("女")

    member = models.OneToOneField(
        Member, models.CASCADE, primary_key=True, related_name="record", verbose_name=_("党员")
    )
    sex = models.CharField(_("性别"), max_length=6, choices=Sex.choices, blank=True)
    ethnicity = models.CharField(_("民族"), max_length=20, blank=True)
    born_on = models.DateField(_("出生日期"), null=True, blank=True)
    native_place = models.CharField(_("籍贯"), max_length=60, blank=True)
    education = models.CharField(_("学历"), max_length=20, blank=True)
    degree = models.CharField(_("学位"), max_length=20, blank=True)
    graduated_from = models.CharField(_("毕业院校及专业"), max_length=100, blank=True)
    employed_on = models.DateField(_("参加工作日期"), null=True, blank=True)
    workplace = models.CharField(_("工作单位及岗位"), max_length=100, blank=True)
    job_title = models.CharField(_("职务/职称"), max_length=60, blank=True)
    joined_on = models.DateField(_("入党日期"), null=True, blank=True)
    confirmed_on = models.DateField(_("转正日期"), null=True, blank=True)
    sponsors = models.CharField(_("介绍人"), max_length=60, blank=True)
    application_number = models.CharField(_("入党志愿书编号"), max_length=40, blank=True)
    address_cipher = models.TextField(blank=True, editable=False)
    police_station = models.CharField(_("户籍派出所"), max_length=60, blank=True)
    veteran = models.BooleanField(_("退役军人"), null=True, blank=True)
    merits = models.CharField(_("奖惩"), max_length=300, blank=True)
    remark = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("党员信息")
        verbose_name_plural = _("党员信息")

    def __str__(self) -> str:
        return str(self.member)

    def set_address(self, address: str) -> None:
        """Store the home address encrypted; the caller saves."""
        ADDRESS.write(self, address)

    @property
    def address(self) -> str:
        """The home address in full: for the reveal and the member's own export."""
        return ADDRESS.read(self)

    @property
    def masked_address(self) -> str:
        """山西省长治市****, or empty."""
        return ADDRESS.masked(self, mask_address)

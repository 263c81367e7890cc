"""What studying holds about a person, for export and erasure."""

from django.utils.translation import gettext_lazy as _

from school.members.models import Member
from school.members.personal_data import Part, Row, register_part, rows_part, written
from school.study.models import Anomaly, StudySession


def _forget_devices(member: Member) -> int:
    """The evidence stays, without the device and the place it came from."""
    return StudySession.objects.filter(member=member).update(device="", address="", browser="")


def _judged(member: Member) -> list[Row]:
    """What people have said of one's study; what nobody has looked at yet says nothing, and the
    evidence names others."""
    rows = Anomaly.objects.filter(member=member).exclude(state=Anomaly.State.OPEN)
    return written(rows, ("member", "round", "evidence", "party", "judged_by"))


def register() -> None:
    """Say what is held about a member."""
    rows_part("study.hourentry.member", _("学时记录"))
    rows_part("study.dispute.member", _("学时申诉"))
    rows_part("study.latestudy.member", _("逾期上传的学习"))
    register_part(Part("study.anomaly", _("核实过的学习记录"), ("study.anomaly.member",), _judged))
    rows_part("study.completion.member", _("完成记录"))
    rows_part(
        "study.studysession.member",
        _("学习会话"),
        leave_out=(
            "durable_seq",
            "last_seq",
            "minute_at",
            "minute_reports",
            "sign_in",
            "pruned_at",
            "browser",
        ),
        erase=_forget_devices,
    )
    rows_part("study.gatepass.member", _("视频中的作答"))
    rows_part("study.coverage.member", _("学习进度"))
    rows_part("study.studyday.member", _("每日学习"))
    rows_part("study.wallday.member", _("每日占用时间"))

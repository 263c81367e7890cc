"""What the line under the player and the dialogs over it say."""

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    """The sentences by their names; ``{…}`` is filled in by the page."""
    return {
        "opening": _("正在连接学习记录"),
        "unconnected": _("没有连上学习记录，暂不计时，正在重试"),
        "counted": _("已计 {done} / {all}"),
        "ready": _("开始后自动计时，共 {all}"),
        "ready_award": _("开始后自动计时，共 {all}，学完计 {credit} 学时"),
        "room_left": _("{counted} · 今日还可计 {time}"),
        "room_full": _("{counted} · {full}"),
        "done": _("已学完"),
        "done_credit": _("已学完 · 已获 {credit} 学时"),
        "waiting": _("已看完，还需：{what}"),
        "uploading": _("正在上传"),
        "slowed": _("学习记录较多，稍后自动继续上传"),
        "offline": _("无网络，已存本机 {time}"),
        "offline_page": _("无网络，请不要关闭本页，还有 {time}没有上传"),
        "late": _("{time}的记录逾期上传，待核实"),
        "paused": _("长时间没有操作，已暂停计时，滑动页面后继续"),
        "check_in": _("请点“继续”确认在学"),
        "go_on": _("继续"),
        "superseded": _("已在另一页面或设备继续学习"),
        "take_here": _("在这里继续"),
        "question": _("请先回答题目，再接着看"),
        "answer": _("去作答"),
        "question_loading": _("正在取题目"),
        "question_offline": _("没有网络，联网后作答。答对后从这里接着看。"),
        "question_failed": _("题目暂时打不开，请稍后重试，或刷新页面。"),
        "question_again": _("重试"),
        "signed_out": _("登录已过期，请重新登录后继续"),
        "hour": _("小时"),
        "minute": _("分"),
        "second": _("秒"),
    }

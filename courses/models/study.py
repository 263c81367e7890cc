"""What can be studied: articles, micro-lessons, courses made of both."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    PageChooserPanel,
)
from wagtail.models import Orderable

from courses.models.base import BodyMixin, StudyPage
from school.core import clock
from school.study.models import PolicyFields

STUDY_PARENTS = ["courses.SectionPage"]


class ArticlePage(BodyMixin, StudyPage):
    """An article; its axis is the characters of its body."""

    source = models.CharField(_("来源"), max_length=60, blank=True)
    date = models.DateField(_("日期"), default=clock.today)

    card_label = _("文章")
    item_kind = "article"
    parent_page_types = STUDY_PARENTS
    subpage_types: list[str] = []
    content_panels = [
        *StudyPage.content_panels,
        FieldPanel("summary"),
        MultiFieldPanel(
            [FieldPanel("source"), FieldPanel("date"), FieldPanel("instructor_name")],
            heading=_("来源"),
        ),
        FieldPanel("cover"),
        FieldPanel("body"),
        *StudyPage.publish_panels,
    ]

    class Meta:
        verbose_name = _("文章")
        verbose_name_plural = _("文章")


class LessonPage(PolicyFields, BodyMixin, StudyPage):
    """A micro-lesson: one video with an introduction; its axis is the video's milliseconds."""

    video = models.ForeignKey(
        "media.Video",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("视频"),
        help_text=_("先在“视频”里上传；转码完成前也可以选用，页面会显示“转码中”。"),
    )

    card_label = _("微课")
    item_kind = "lesson"
    parent_page_types = STUDY_PARENTS
    subpage_types: list[str] = []
    content_panels = [
        *StudyPage.content_panels,
        FieldPanel("video"),
        FieldPanel("instructor_name"),
        FieldPanel("summary"),
        FieldPanel("cover"),
        FieldPanel("body", heading=_("简介")),
        *StudyPage.publish_panels,
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("max_rate"), FieldPanel("seek_free")]),
                FieldRowPanel([FieldPanel("check_in"), FieldPanel("questions")]),
                FieldPanel("review"),
            ],
            heading=_("学习要求"),
            help_text=_("都可以留空，按学校设置执行；列入学习计划时以更严的为准。"),
            classname="collapsed",
        ),
    ]

    class Meta:
        verbose_name = _("微课")
        verbose_name_plural = _("微课")

    def clean(self) -> None:
        super().clean()
        if self.video_id is None:
            raise ValidationError({"video": _("请选择视频；还没有视频时，先到“视频”里上传。")})


class CoursePage(BodyMixin, StudyPage):
    """A course: articles and micro-lessons in order. Complete when its required parts are."""

    card_label = _("课程")
    item_kind = "course"
    parent_page_types = STUDY_PARENTS
    subpage_types: list[str] = []
    content_panels = [
        *StudyPage.content_panels,
        FieldPanel("instructor_name"),
        FieldPanel("summary"),
        FieldPanel("cover"),
        FieldPanel("body", heading=_("简介")),
        InlinePanel("parts", label=_("组成部分"), heading=_("按顺序学习"), min_num=1),
        *StudyPage.publish_panels,
    ]

    class Meta:
        verbose_name = _("课程")
        verbose_name_plural = _("课程")


class CoursePart(Orderable):
    """One article or lesson of a course, in its place."""

    course = ParentalKey(
        CoursePage, on_delete=models.CASCADE, related_name="parts", verbose_name=_("课程")
    )
    page = models.ForeignKey(
        "wagtailcore.Page",
        models.CASCADE,
        related_name="+",
        verbose_name=_("内容"),
    )
    required = models.BooleanField(_("必学"), default=True)

    panels = [
        PageChooserPanel("page", ["courses.ArticlePage", "courses.LessonPage"]),
        FieldPanel("required"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("组成部分")
        verbose_name_plural = _("组成部分")

    def __str__(self) -> str:
        return str(self.page)

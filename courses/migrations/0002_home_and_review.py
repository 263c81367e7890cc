"""The empty school's first pages and its review: a home page, a news list, a workflow, Chinese names."""

import uuid

from django.db import migrations
from django.utils import timezone

RENAMED_GROUPS = {"Editors": "网站编辑", "Moderators": "网站主编"}
WORKFLOW = "栏目审核"


def make_pages(apps, schema_editor) -> None:
    ContentType = apps.get_model("contenttypes", "ContentType")
    Page = apps.get_model("wagtailcore", "Page")
    Site = apps.get_model("wagtailcore", "Site")
    HomePage = apps.get_model("courses", "HomePage")
    NewsIndexPage = apps.get_model("courses", "NewsIndexPage")
    root = Page.objects.get(depth=1)
    welcome = Page.objects.filter(path="00010001", slug="home", depth=2).first()
    if welcome is None or HomePage.objects.exists():
        return
    locale_id, published = welcome.locale_id, timezone.now()
    Site.objects.filter(root_page=welcome).delete()
    welcome.delete()

    def common(title: str, slug: str, path: str, url_path: str, model: str) -> dict:
        kind, _made = ContentType.objects.get_or_create(app_label="courses", model=model)
        return {
            "title": title,
            "draft_title": title,
            "slug": slug,
            "path": path,
            "depth": len(path) // 4,
            "url_path": url_path,
            "content_type": kind,
            "locale_id": locale_id,
            "translation_key": uuid.uuid4(),
            "first_published_at": published,
            "last_published_at": published,
            "live": True,
        }

    home = HomePage.objects.create(
        **common("首页", "home", "00010001", "/home/", "homepage"),
        numchild=1,
        headline="随时随地，学有所获",
        headline_note="学习、测验、集体学习和学时，一处记录",
    )
    NewsIndexPage.objects.create(
        **common("要闻与通知", "news", "000100010001", "/home/news/", "newsindexpage"),
        numchild=0,
    )
    Page.objects.filter(pk=root.pk).update(numchild=1)
    Site.objects.create(
        hostname="localhost",
        port=80,
        site_name="网上党校",
        root_page_id=home.pk,
        is_default_site=True,
    )


def make_review(apps, schema_editor) -> None:
    ContentType = apps.get_model("contenttypes", "ContentType")
    Group = apps.get_model("auth", "Group")
    Page = apps.get_model("wagtailcore", "Page")
    Task = apps.get_model("wagtailcore", "Task")
    Workflow = apps.get_model("wagtailcore", "Workflow")
    WorkflowPage = apps.get_model("wagtailcore", "WorkflowPage")
    WorkflowTask = apps.get_model("wagtailcore", "WorkflowTask")
    ReviewTask = apps.get_model("courses", "ReviewTask")
    for old, new in RENAMED_GROUPS.items():
        Group.objects.filter(name=old).update(name=new)
    Task.objects.filter(name="Moderators approval").update(name="主编审核", active=False)
    Workflow.objects.filter(name="Moderators approval").update(name="主编审核", active=False)
    kind, _made = ContentType.objects.get_or_create(app_label="courses", model="reviewtask")
    task = ReviewTask.objects.create(name=WORKFLOW, content_type=kind, active=True)
    workflow = Workflow.objects.create(name=WORKFLOW, active=True)
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    root = Page.objects.get(depth=1)
    WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": workflow})


def make_audience(apps, schema_editor) -> None:
    Audience = apps.get_model("members", "Audience")
    if not Audience.objects.filter(scope="public").exists():
        Audience.objects.create(name="公开（含未登录）", scope="public")


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0001_initial"),
        ("wagtailcore", "0098_apitoken"),
        ("wagtailadmin", "0005_editingsession_is_editing"),
        ("members", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(make_pages, migrations.RunPython.noop),
        migrations.RunPython(make_review, migrations.RunPython.noop),
        migrations.RunPython(make_audience, migrations.RunPython.noop),
    ]

"""A secretary, tried as a new user: from the template to the roster, by the page alone."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from school.core import jobs
from school.core.models import Job
from school.members.models import Member, RosterImport
from school.members.selectors.people import home_branch
from school.members.services.roster_files import tell_beside
from school.members.services.rosters import confirm_roster
from tests.factories import members as make
from tests.factories import rosters
from tests.factories.rosters import identity, workbook

pytestmark = pytest.mark.django_db


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def work() -> None:
    """What the background worker does."""
    for job in Job.objects.filter(state=Job.State.QUEUED):
        jobs.run(job.pk)


def send(client, branch, content, name="花名册.xlsx", **more):
    return client.post(
        reverse("members:roster", args=[branch.pk]),
        {"file": SimpleUploadedFile(name, content), **more},
    )


def test_a_whole_import_tells_its_progress_although_no_row_does(tree):
    one = tree[2]
    secretary = make.officer(one)
    found = rosters.upload(one, workbook([["", "K001", "张三"]]), secretary)
    found = confirm_roster(roster=found, whole_only=True, move_members=False, by=secretary)
    address = reverse("members:roster_import", args=[one.pk, found.pk])
    client = client_of(secretary)
    assert "排队中" in client.get(address, headers={"HX-Request": "true"}).content.decode()
    tell_beside(found.file, 0.75, "已写入 12 行")
    shown = client.get(address).content.decode()
    assert 'value="750"' in shown and "75%" in shown and "已写入 12 行" in shown
    assert "取消后不会留下任何改动" in shown


def test_a_secretary_imports_corrects_and_exports_from_the_page_alone(tree):
    one = tree[2]
    client = client_of(make.officer(one))
    start = reverse("members:roster", args=[one.pk])
    page = client.get(start).content.decode()
    template = re.search(r'href="([^"]+template/)"', page)[1]

    book = load_workbook(io.BytesIO(body(client.get(template))))
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    assert {"工号*", "姓名*"} <= set(head) and len(book.worksheets) == 2
    for number, values in enumerate(
        [
            {"工号*": "K001", "姓名*": "张三", "公民身份号码": identity(), "入党日期": "2019.7.1"},
            {"工号*": "K002", "姓名*": "李四", "手机号码": "1380000000"},
        ],
        2,
    ):
        for label, value in values.items():
            sheet.cell(number, head.index(label) + 1, value)
    out = io.BytesIO()
    book.save(out)

    sent = send(client, one, out.getvalue())
    waiting = client.get(sent.url).content.decode()
    assert "正在读取和核对" in waiting and 'hx-trigger="every 2s"' in waiting
    work()
    assert client.get(sent.url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    preview = client.get(sent.url).content.decode()
    assert "手机号应为 1 开头的 11 位数字" in preview and "第 3 行" in preview

    marked = load_workbook(
        io.BytesIO(body(client.get(re.search(r'href="([^"]+marked/)"', preview)[1])))
    )
    sheet = marked.worksheets[0]
    labels = [cell.value for cell in sheet[1]]
    sheet.cell(3, labels.index("手机号码") + 1, "13800000002")
    out = io.BytesIO()
    marked.save(out)
    sent = send(client, one, out.getvalue())
    work()
    preview = client.get(sent.url).content.decode()
    confirm = re.search(r'action="([^"]+confirm/)"', preview)[1]
    assert not Member.objects.filter(staff_number="K001").exists()
    assert client.post(confirm).url == sent.url
    work()
    done = client.get(sent.url).content.decode()
    assert "新增 2 人" in done
    assert re.search(r'href="[^"]+codes/"', done)
    assert home_branch(Member.objects.get(staff_number="K002")) == one

    exports = reverse("members:roster_exports", args=[one.pk])
    client.post(exports, {"columns": ["mobile", "education"], "reason": "核对", "format": "xlsx"})
    work()
    listed = client.get(exports).content.decode()
    file = client.get(re.search(r'href="([^"]+exports/\d+/file/)"', listed)[1])
    rows = list(load_workbook(io.BytesIO(body(file))).worksheets[0].iter_rows(values_only=True))
    assert rows[1] == ("工号", "姓名", "学历", "手机号码")
    assert ("K002", "李四", None, "138****0002") in rows


def test_a_page_shows_a_file_that_cannot_be_read_and_what_to_do(tree):
    one = tree[2]
    client = client_of(make.officer(one))
    sent = send(client, one, b"not a table\x00", "照片.jpg")
    work()
    assert "不是表格文件" in client.get(sent.url).content.decode()


def test_an_upload_without_a_file_or_over_the_limit_is_said_beside_the_field(tree, settings):
    one = tree[2]
    client = client_of(make.officer(one))
    none = client.post(reverse("members:roster", args=[one.pk]))
    assert (none.status_code, "请选择文件" in none.content.decode()) == (400, True)
    settings.ROSTER_MAX_BYTES = 100
    large = send(client, one, bytes(200))
    assert large.status_code == 400 and "请拆成几个文件" in large.content.decode()


def test_good_rows_only_is_a_choice_made_by_hand(tree):
    one = tree[2]
    client = client_of(make.officer(one))
    rows = [["", "K001", "张三"], ["", "K002", "12"]]
    sent = send(client, one, workbook(rows, head=rosters.HEAD[:3]))
    work()
    confirm = f"{sent.url}confirm/"
    assert "改正后重新上传" in client.post(confirm, follow=True).content.decode()
    client.post(confirm, {"good_rows_only": "1"})
    work()
    assert "新增 1 人" in client.get(sent.url).content.decode()


def test_cancelling_from_the_page(tree):
    one = tree[2]
    client = client_of(make.officer(one))
    sent = send(client, one, workbook([["", "K001", "张三"]], head=rosters.HEAD[:3]))
    client.post(f"{sent.url}cancel/")
    work()
    assert "没有任何改动" in client.get(sent.url).content.decode()
    assert RosterImport.objects.get().state == RosterImport.State.CANCELLED


def test_imports_of_others_do_not_exist(tree):
    one = tree[2]
    sent = send(client_of(make.officer(one)), one, workbook([["", "K001", "张三"]]))
    for person in (make.officer(one), make.officer(tree[0], "committee_admin")):
        client = client_of(person)
        assert client.get(sent.url).status_code == 404
        assert client.get(f"{sent.url}marked/").status_code == 404
        assert client.post(f"{sent.url}confirm/").status_code == 404


def test_only_who_manages_the_tree_is_offered_to_make_branches(tree):
    committee, _general, one, _two = tree
    assert (
        b"create_branches"
        not in client_of(make.officer(one)).get(reverse("members:roster", args=[one.pk])).content
    )
    admin = client_of(make.officer(committee, "committee_admin"))
    assert b"create_branches" in admin.get(reverse("members:roster", args=[committee.pk])).content


def test_full_numbers_go_through_the_inbox_of_another_person(tree):
    committee, _general, one, _two = tree
    secretary, admin = (
        client_of(make.officer(one)),
        client_of(make.officer(committee, "committee_admin")),
    )
    exports = reverse("members:roster_exports", args=[one.pk])
    secretary.post(
        exports,
        {"columns": ["identity"], "reason": "党费核对", "format": "csv", "full_numbers": "1"},
    )
    assert "待批准" in secretary.get(exports).content.decode()
    inbox = reverse("members:roster_approvals")
    assert secretary.get(inbox).status_code == 404
    page = admin.get(inbox).content.decode()
    assert "党费核对" in page
    admin.post(re.search(r'action="([^"]+approvals/\d+/)"', page)[1], {"agree": "1"})
    work()
    listed = secretary.get(exports).content.decode()
    assert "可下载" in listed
    assert (
        secretary.get(re.search(r'href="([^"]+exports/\d+/file/)"', listed)[1]).status_code == 200
    )


@pytest.mark.parametrize("name", ["roster", "roster_exports"])
def test_the_pages_take_few_queries(tree, name, django_assert_max_num_queries):
    one = tree[2]
    client = client_of(make.officer(one))
    for _ in range(4):
        send(client, one, workbook([["", "K001", "张三"]], head=rosters.HEAD[:3]))
    address = reverse(f"members:{name}", args=[one.pk])
    client.get(address)
    with django_assert_max_num_queries(20):
        client.get(address)


def test_a_preview_takes_few_queries(tree, django_assert_max_num_queries):
    one = tree[2]
    client = client_of(make.officer(one))
    rows = [["", f"K{n:03}", "张三"] for n in range(150)]
    sent = send(client, one, workbook(rows, head=rosters.HEAD[:3]))
    work()
    client.get(sent.url)
    with django_assert_max_num_queries(20):
        page = client.get(sent.url).content.decode()
    assert "还有 50 行" in page

"""Where an entry comes from: the request or the job that runs, never somebody else's."""

import asyncio
import ipaddress

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from school.core import audit, clock, jobs
from school.core.audit import entries, trail
from school.core.middleware import OriginMiddleware
from school.core.models import AuditEntry, Job
from tests.factories.parallel import together

pure = pytest.mark.pure


def request_from(address: str, **headers):
    return RequestFactory().get("/", REMOTE_ADDR=address, **headers)


# -- networks -----------------------------------------------------------------------------------


@pure
@given(address=st.ip_addresses(v=4))
def test_an_address_is_the_same_however_the_server_listens(address):
    prefix = entries.prefix_of(str(address))
    assert entries.prefix_of(f"::ffff:{address}") == prefix
    assert ipaddress.ip_address(prefix) in ipaddress.ip_network(f"{address}/24", strict=False)


@pure
@given(one=st.ip_addresses(v=4), other=st.ip_addresses(v=4))
def test_mapped_addresses_are_one_network_exactly_when_their_first_three_parts_are(one, other):
    first, second = entries.prefix_of(f"::ffff:{one}"), entries.prefix_of(f"::ffff:{other}")
    assert (first == second) == (one.packed[:3] == other.packed[:3])


@pure
@given(network=st.integers(0, 2**48 - 1), hosts=st.tuples(*[st.integers(0, 2**80 - 1)] * 2))
def test_every_spelling_of_one_network_is_written_in_one_way(network, hosts):
    one, other = (ipaddress.IPv6Address((network << 80) | host) for host in hosts)
    if one.ipv4_mapped or other.ipv4_mapped:
        return
    spellings = {str(one), one.exploded, str(one).upper(), str(other), f"{other}%eth0"}
    assert len({entries.prefix_of(spelling) for spelling in spellings}) == 1


@pure
@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("10.9.8.7", "10.9.8.0"),
        ("2001:db8::1", "2001:db8::"),
        ("2001:db8:7::1", "2001:db8:7::"),
        ("2001:db8:7:1:2:3:4:5", "2001:db8:7::"),
        ("::1", "::"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_networks_are_written_in_full(address, prefix):
    assert entries.prefix_of(address) == prefix


@pure
@given(st.text())
def test_what_is_no_address_counts_as_one(text):
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        assert entries.prefix_of(text) == entries.NO_ADDRESS


@pure
def test_a_request_without_an_address_has_no_network():
    assert audit.address_prefix(request_from("")) == ""


# -- origins ------------------------------------------------------------------------------------


@pure
def test_the_request_being_answered_is_the_origin_and_nothing_is_afterwards():
    seen = []

    def answer(request):
        seen.append(entries.origin())
        return HttpResponse()

    OriginMiddleware(answer)(request_from("10.9.8.7"))
    assert (seen, entries.origin()) == (["10.9.8.0"], "")


@pure
def test_the_origin_goes_also_when_the_answer_fails():
    def answer(request):
        raise ValueError

    with pytest.raises(ValueError):
        OriginMiddleware(answer)(request_from("10.9.8.7"))
    assert entries.origin() == ""


@pure
def test_threads_that_answer_at_once_each_have_their_own():
    seen = {}

    def answer(number):
        def view(request):
            together(lambda: None)  # lets the others in
            seen[number] = entries.origin()
            return HttpResponse()

        return lambda: OriginMiddleware(view)(request_from(f"10.9.{number}.7"))

    together(*[answer(number) for number in range(8)])
    assert seen == {number: f"10.9.{number}.0" for number in range(8)}


@pure
def test_tasks_of_one_loop_that_take_turns_each_have_their_own():
    async def visit(number):
        with audit.coming_from(request_from(f"10.9.{number}.7")):
            await asyncio.sleep(0)
            return entries.origin()

    async def all_at_once():
        seen = await asyncio.gather(*[visit(number) for number in range(8)])
        assert seen == [f"10.9.{number}.0" for number in range(8)]

    # In a thread of its own: browser tests keep a loop in the one that runs the tests.
    together(lambda: asyncio.run(all_at_once()))


@pytest.mark.django_db
def test_an_entry_takes_its_origin_from_what_runs_unless_it_is_told():
    with audit.coming_from(request_from("10.9.8.7")):
        audit.record("test.done")
        audit.record("test.done", request=request_from("10.1.1.7"))
    audit.record("test.done")
    addresses = AuditEntry.objects.order_by("pk").values_list("address", flat=True)
    assert list(addresses) == ["10.9.8.0", "10.1.1.0", ""]


@pytest.mark.django_db
def test_an_entry_of_a_job_names_the_job_also_when_a_request_runs_it():
    jobs.job_kind("test.audited")(lambda lease: audit.record("test.done"))
    try:
        job = Job.objects.create(kind="test.audited", created_at=clock.now(), sent_at=clock.now())
        with audit.coming_from(request_from("10.9.8.7")):
            jobs.run(job.pk)
            assert entries.origin() == "10.9.8.0"
    finally:
        del jobs._kinds["test.audited"]
    entry = AuditEntry.objects.get(action="test.done")
    assert entry.address == f"job:{job.pk}"
    assert trail.in_words([entry])[0].where == f"后台任务 {job.pk}"

"""I1–I11 on the pure judge, against a model of sets of single milliseconds, with check-ins,
questions and review credit in force and any input a forger can send."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.study import spans as sets
from school.study.rules import gates, judge
from school.study.rules.judge import DAY_MS, Segment, Terms
from tests.study import brute_force
from tests.study.brute_force import held

pytestmark = pytest.mark.pure

LENGTH = 120
MIDNIGHT = 20_000 * DAY_MS
OPENED = MIDNIGHT - 90
NOW = MIDNIGHT + 150

near = st.integers(0, 300)


@st.composite
def stretches(draw):
    """One in four forged out of thin air, the others as a page could have sent them."""
    if draw(st.integers(0, 3)) == 0:
        return Segment(draw(near), draw(near), draw(near), draw(near), 100, draw(st.booleans()))
    m0, w0 = draw(st.integers(0, LENGTH)), draw(st.integers(0, 140))
    wall, rate = draw(st.integers(5, 60)), draw(st.sampled_from([50, 100, 100, 125, 150, 200]))
    return Segment(m0, m0 + wall * rate // 100, w0, w0 + wall, rate, True)


@st.composite
def spans(draw, most=300):
    """Any set of integers below ``most``."""
    found: list[int] = []
    for low, size in draw(
        st.lists(st.tuples(st.integers(0, most), st.integers(1, 80)), max_size=4)
    ):
        found, _ = sets.add(found, low, min(most, low + size))
    return found


@st.composite
def all_terms(draw, **fixed):
    """Terms of a visit under any policy."""
    values = {
        "text": draw(st.booleans()),
        "length": LENGTH,
        "gain": draw(st.sampled_from([100, 125, 150, 200])),
        "per": 100,
        "opened": OPENED + draw(st.integers(0, 60)),
        "closes": NOW - draw(st.integers(0, 60)),
        "slack": draw(st.sampled_from([0, 5])),
        "ceiling": LENGTH * 3 // 2,
        "windows": draw(st.none() | spans()),
        "barrier": draw(st.none() | st.integers(0, LENGTH + 20)),
        "review": draw(st.sampled_from([0, 10, 60])),
    }
    return Terms(**{**values, **fixed})


batches = st.lists(stretches(), max_size=8)


def run(parts, **start):
    """Judge batches of one visit in turn, (batch, terms) each; the verdicts."""
    cover, wall = start.get("cover", []), start.get("wall", [])
    studied = reviewed = 0
    verdicts = []
    for batch, terms in parts:
        left = judge.replace(terms, review=max(0, terms.review - reviewed))
        verdict = judge.judge(batch, left, cover=cover, wall=wall, studied_ms=studied)
        verdicts.append(verdict)
        cover, wall = verdict.cover, verdict.wall
        studied += verdict.studied_ms
        reviewed += verdict.reviewed
    return verdicts


@given(batches, all_terms(), spans(LENGTH), spans(240), st.integers(0, 50))
def test_the_judge_agrees_with_the_model_of_single_milliseconds(batch, terms, cover, wall, before):
    """I11 for the whole judge: each set, each day, each millisecond of review."""
    wall = sets.shift(wall, OPENED)
    found = judge.judge(batch, terms, cover=cover, wall=wall, studied_ms=before)
    model = brute_force.judge(batch, terms, held(cover), held(wall), before)
    assert held(found.cover) == model.cover
    assert held(found.wall) == model.wall
    assert held(found.claimed) == model.claimed
    assert found.covered_gain == len(model.cover) - len(held(cover))
    assert found.studied == dict(model.studied)
    assert found.reviewed == model.reviewed


@given(batches, all_terms(), spans(LENGTH))
def test_cover_lies_within_the_item_the_barrier_and_what_was_reported(batch, terms, cover):
    """I1, I7: no skipping, nothing beyond the end or an unanswered question."""
    found = judge.judge(batch, terms, cover=cover, wall=[])
    gained = held(found.cover) - held(cover)
    reported = set().union(*(range(s.m0, s.m1) for s in batch if s.visible))
    assert gained <= reported
    assert all(n < terms.length for n in gained)
    if terms.barrier is not None:
        assert all(n < terms.barrier for n in gained)


@given(
    st.lists(st.tuples(batches, all_terms()), max_size=4),
    st.tuples(st.integers(-120, 200), st.integers(0, 200)),
)
def test_no_window_of_real_time_earns_more_than_itself(visits, window):
    """I2, I3: over any visits to any items; the same minute is never claimed twice."""
    wall, claims, gained = [], [], 0
    low = MIDNIGHT + window[0]
    high = low + window[1]
    for batch, terms in visits:
        found = judge.judge(batch, terms, cover=[], wall=wall)
        wall = found.wall
        claims.append(found)
        gained += found.covered_gain
        assert found.studied_ms <= len(held(found.claimed))
    everything = [at for found in claims for at in held(found.claimed)]
    assert len(everything) == len(set(everything))
    inside = [found for found in claims if all(low <= at < high for at in held(found.claimed))]
    assert sum(found.studied_ms for found in inside) <= high - low
    fastest = max((terms.gain for _, terms in visits), default=0)
    assert gained * 100 <= fastest * len(set(everything))


@given(st.lists(st.tuples(batches, all_terms()), min_size=1, max_size=4), st.data())
def test_a_batch_judged_again_adds_nothing(visits, data):
    """I4 within the judge: whichever batch is sent again, under whatever number."""
    verdicts = run(visits)
    again, terms = data.draw(st.sampled_from(visits))
    last = verdicts[-1]
    studied = sum(verdict.studied_ms for verdict in verdicts)
    found = judge.judge(again, terms, cover=last.cover, wall=last.wall, studied_ms=studied)
    assert found.wall == last.wall and found.claimed == []
    assert found.cover == last.cover
    assert not found.studied and not found.covered_gain and not found.reviewed


@given(st.lists(st.tuples(batches, all_terms()), max_size=4))
def test_nothing_ever_falls(visits):
    """I5."""
    cover: set[int] = set()
    wall: set[int] = set()
    for found in run(visits):
        assert cover <= held(found.cover) and wall <= held(found.wall)
        assert all(more >= 0 for more in found.studied.values())
        assert found.reviewed >= 0 and found.covered_gain >= 0
        cover, wall = held(found.cover), held(found.wall)


@given(batches, all_terms())
def test_days_add_up_and_no_day_earns_more_than_was_claimed_on_it(batch, terms):
    """I6: split at local midnight; the total stays."""
    found = judge.judge(batch, terms, cover=[], wall=[])
    days = judge.split_by_day(found.claimed)
    assert judge.join_days(days) == found.claimed
    assert sum(found.studied.values()) == found.studied_ms
    for day, studied in found.studied.items():
        assert studied <= sets.length(days[day])


@given(batches, all_terms())
def test_nothing_counts_outside_the_visit_its_windows_or_while_hidden(batch, terms):
    """I8 within the judge; who may send at all is proved where reports come in."""
    found = judge.judge(batch, terms, cover=[], wall=[])
    assert all(terms.opened <= at < terms.closes for at in held(found.claimed))
    if terms.windows is not None:
        assert {at - terms.opened for at in held(found.claimed)} <= held(terms.windows)
    hidden = [judge.replace(segment, visible=False) for segment in batch]
    found = judge.judge(hidden, terms, cover=[], wall=[])
    assert not (found.claimed or found.cover or found.studied or found.reviewed)


@given(st.lists(st.tuples(batches, all_terms()), max_size=5), st.randoms())
def test_the_time_claimed_does_not_depend_on_the_order_of_delivery(visits, random):
    """I9: also when each report rests on answers of its own."""
    shuffled = list(visits)
    random.shuffle(shuffled)
    first, second = run(visits), run(shuffled)
    assert (first[-1].wall if first else []) == (second[-1].wall if second else [])


@given(batches, all_terms(text=False, review=30, windows=None, barrier=None))
def test_watching_again_earns_no_more_than_its_share(batch, terms):
    found = judge.judge(batch, terms, cover=[0, LENGTH], wall=[])
    assert found.covered_gain == 0
    assert found.studied_ms == found.reviewed <= 30


# -- an honest viewer ------------------------------------------------------------------------------


class Viewer:
    """Somebody who watches a film to its end, with whatever life does to it."""

    def __init__(self, draw, length, rate, low, high):
        self.draw, self.length, self.rate = draw, length, rate
        self.low, self.high = low, high
        self.media = 0
        self.at = MIDNIGHT - draw(st.integers(0, 3_000_000))
        self.visits = []  # (sid, opened, [(stretches, answers)])
        self.stretches = 0

    def open(self):
        """A new page: a reload, or another device."""
        self.at += self.draw(st.integers(0, 30_000))
        sid = UUID(int=self.draw(st.integers(0, 2**128 - 1)))
        self.opened = self.at
        self.moments = gates.schedule(sid, self.low, self.high, 12 * 3_600_000)
        self.answers = []
        self.visits.append((sid, self.at, []))

    def play(self):
        """Play for a while; a check-in pauses on its millisecond and is answered later."""
        self.at += self.draw(st.sampled_from([0, 0, 700, 90_000, 2_000_000]))  # a rest before it
        w = self.at - self.opened
        due = [number for number, moment in enumerate(self.moments) if moment <= w]
        if due and len(self.answers) < len(due):
            # Pressing play after a rest over check-ins is itself the answer to the last of them.
            self.answers = [None] * (len(due) - 1) + [[due[-1], w]]
        coming = next((moment for moment in self.moments if moment > w), None)
        wanted = self.draw(st.integers(1_000, 240_000))
        left = -(-(self.length - self.media) * 100 // self.rate)
        wall = min(wanted, left, *([coming - w] if coming is not None else []))
        media = min(self.length, self.media + wall * self.rate // 100)
        if wall <= 0:
            return
        rows, begin, here = [], self.media, w
        while here < w + wall:
            step = min(5_000, w + wall - here)
            end = min(media, begin + step * self.rate // 100)
            rows.append(Segment(begin, end, here, here + step, self.rate, True))
            begin, here = end, here + step
        self.media, self.at = begin, self.at + wall
        self.stretches += len(rows)
        told = [answer for answer in self.answers if answer]
        cut = self.draw(st.integers(1, 8))
        reports = self.visits[-1][2]
        for first in range(0, len(rows), cut):
            reports.append((rows[first : first + cut], told))

    def back(self):
        """Look at something again."""
        self.media = max(0, self.media - self.draw(st.integers(0, 60_000)))


@given(st.data())
def test_an_honest_viewer_loses_at_most_two_milliseconds_a_stretch(data):
    """I10: pauses, seeks back, reloads, check-ins, midnight; any batching, resends, any order."""
    draw = data.draw
    low = draw(st.sampled_from([0, 30_000, 480_000]))
    rate = draw(st.sampled_from([75, 100, 125, 150]))
    viewer = Viewer(draw, draw(st.integers(20_000, 900_000)), rate, low, 2 * low)
    viewer.open()
    for _ in range(400):
        if viewer.media >= viewer.length:
            break
        viewer.play()
        if draw(st.integers(0, 9)) == 0:
            viewer.open()
        if draw(st.integers(0, 9)) == 0:
            viewer.back()
    sent = [
        (sid, opened, rows, answers)
        for sid, opened, reports in viewer.visits
        for rows, answers in reports
    ]
    sent += draw(st.lists(st.sampled_from(sent), max_size=5))
    draw(st.randoms()).shuffle(sent)
    cover, wall, studied = [], [], 0
    for sid, opened, rows, answers in sent:
        windows = None
        if low:
            until = max(row.w1 for row in rows)
            moments = gates.schedule(sid, low, 2 * low, until)
            windows = gates.windows(moments, [tuple(answer) for answer in answers], until)
        terms = Terms(
            text=False,
            length=viewer.length,
            gain=150,
            per=100,
            opened=opened,
            closes=viewer.at + 1,
            slack=250,
            windows=windows,
        )
        found = judge.judge(rows, terms, cover=cover, wall=wall)
        cover, wall, studied = found.cover, found.wall, studied + found.studied_ms
    seen = min(viewer.media, viewer.length)
    assert sets.length(cover) >= seen - 2 * viewer.stretches
    assert studied >= min(seen, seen * 100 // rate) - 2 * viewer.stretches

"""The report as it is shown: text, Markdown, JSON, JUnit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from memory_report.figures import work_out
from memory_report.files import read_report, write_json
from memory_report.gates import Gate, Outcome, judge
from memory_report.records import Peak, Settling
from memory_report.render.formats import FORMATS
from memory_report.render.markdown import render_markdown
from memory_report.render.text import render_text
from tests.memory_report.examples import MIB, make_report
from tests.memory_report.whole_report import make_whole_report

REPORT = make_report((100, 50), (100, 48), (100, 46))

GOLDEN = """\
Memory after load in MiB, mean of 3 launches, 2 s after the story

                                       PSS       USS       RSS
--------------------------------------------------------------
separate
  web                                 50.0      33.3     100.0
  ws                                  25.0      16.7      50.0
  tasks                               25.0      16.7      50.0
  shared with others                   0.0
  total                              100.0      66.7     200.0
  redis-server                         5.0       4.0       9.0
  total with redis-server            105.0      70.7     209.0
--------------------------------------------------------------
together
  web+ws+tasks                        48.0      48.0      48.0
  shared with others                   0.0
  total                               48.0      48.0      48.0

saved                                  MiB     share   95 % interval
----------------------------------------------------------------------------------
PSS of separate                       52.0    52.0 %   47.0 to 57.0 %
USS of separate                       18.7    28.0 %   20.5 to 35.5 %
RSS of separate                      152.0    76.0 %   73.5 to 78.5 %
PSS of separate, with redis-server    57.0    54.3 %   49.6 to 59.0 %

PSS, MiB            start loaded settled collected trimmed drained story peak
----------------------------------------------------------------------------------
separate                -      -   100.0         -       -       -          -
together                -      -    48.0         -       -       -          -

price               ready req p50 req p99 push p50 push p99 req/s loop lag dying
                       ms      ms      ms       ms       ms             ms
----------------------------------------------------------------------------------
separate              500       -       -        -        -     -        -     -
together              500       -       -        -        -     -        -     -

One process instead of 3 (separate) saves 52.0 % of the memory (PSS, 95 %
interval 47.0 to 57.0 %), and 54.3 % counting the Redis that it does not need.

ledger: 120 page requests, 8 API calls, 5 WebSockets with 30 pushes of job
        runs, 5 rows; 8 counts agree at both ends, 11 are alike in all 6
        launches
on:     CPython 3.12.1, Linux 6.1 x86_64, 2 x A Processor, redis-server 7.0.15,
        bytecode compiled beforehand, huge pages madvise
PSS:    pages of files that others map too, this report and neighbours, count
        in full to what it measured, which would have them alone
note:   1 other process of the same interpreter shared pages with what was
        measured
"""


def test_report_renders_as_the_golden_text():
    """Every line of the report is as it was agreed on."""

    assert render_text(REPORT, []) == GOLDEN


@pytest.mark.parametrize("name", FORMATS)
def test_same_file_renders_to_the_same_bytes(tmp_path: Path, name: str):
    """What was kept as JSON says exactly what was printed when it was measured."""

    write_json(REPORT, tmp_path / "report.json")
    kept = read_report(tmp_path / "report.json")
    gate = Gate(min_savings={"separate": 0.4}, max_pss=50 * MIB)

    assert kept == REPORT
    assert FORMATS[name](kept, judge(kept, gate)) == FORMATS[name](
        REPORT, judge(REPORT, gate)
    )


MARKDOWN = """\
### Memory report

- **passed**: saved of separate 52.0 %, 95 % interval 47.0 to 57.0 %; wanted at \
least 40.0 %

One process instead of 3 (separate) saves 52.0 % of the memory (PSS, 95 % interval \
47.0 to 57.0 %), and 54.3 % counting the Redis that it does not need.

| | before | together | saved | share | 95 % interval |
|---|---:|---:|---:|---:|---:|
| PSS of separate | 100.0 MiB | 48.0 MiB | 52.0 MiB | 52.0 % | 47.0 to 57.0 % |
| USS of separate | 66.7 MiB | 48.0 MiB | 18.7 MiB | 28.0 % | 20.5 to 35.5 % |
| RSS of separate | 200.0 MiB | 48.0 MiB | 152.0 MiB | 76.0 % | 73.5 to 78.5 % |

| price | ready, ms | req p50, ms | req p99, ms | push p50, ms | push p99, ms | \
req/s | loop lag, ms | dying |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
| separate | 500 | - | - | - | - | - | - | - |
| together | 500 | - | - | - | - | - | - | - |

<details><summary>Memory after load in MiB, mean of 3 launches, 2 s after the \
story</summary>

| | PSS | USS | RSS |
|---|---:|---:|---:|
| separate: web | 50.0 | 33.3 | 100.0 |
| separate: ws | 25.0 | 16.7 | 50.0 |
| separate: tasks | 25.0 | 16.7 | 50.0 |
| separate: shared with others | 0.0 | | |
| **separate** | 100.0 | 66.7 | 200.0 |
| separate: redis-server | 5.0 | 4.0 | 9.0 |
| separate with redis-server | 105.0 | 70.7 | 209.0 |
| together: web+ws+tasks | 48.0 | 48.0 | 48.0 |
| together: shared with others | 0.0 | | |
| **together** | 48.0 | 48.0 | 48.0 |

| PSS, MiB | start | loaded | settled | collected | trimmed | drained | story peak |
|---|---:|---:|---:|---:|---:|---:|---:|
| separate | - | - | 100.0 | - | - | - | - |
| together | - | - | 48.0 | - | - | - | - |

- ledger: 120 page requests, 8 API calls, 5 WebSockets with 30 pushes of job runs, \
5 rows; 8 counts agree at both ends, 11 are alike in all 6 launches
"""


def test_markdown_has_the_verdict_first_and_the_rest_folded_away():
    """It fits a comment: what was decided can be read without opening anything."""

    text = FORMATS["markdown"](
        REPORT, judge(REPORT, Gate(min_savings={"separate": 0.4}))
    )

    assert text.startswith(MARKDOWN)
    assert text.endswith("\n\n</details>\n")
    assert "- **" not in FORMATS["markdown"](REPORT, [])


def test_one_launch_is_said_to_have_no_interval():
    """A figure without an interval is not dressed up as one with."""

    text = render_text(make_report((100, 50)), [])

    assert "saves 50.0 % of the memory (PSS, one\nlaunch, no interval)" in text


@pytest.mark.parametrize(
    ("gate", "line"),
    [
        (
            Gate(min_savings={"separate": 0.4}),
            (
                "gate passed: saved of separate 52.0 %, 95 % interval 47.0 to 57.0 %; "
                "wanted at least 40.0 %"
            ),
        ),
        (
            Gate(max_pss=40 * MIB),
            (
                "gate failed: PSS together 48.0 MiB, 95 % interval 43.0 to 53.0; "
                "wanted at most 40.0 MiB"
            ),
        ),
        (
            Gate(min_savings={"separate": 0.52}),
            (
                "gate inconclusive: saved of separate 52.0 %, 95 % interval 47.0 to "
                "57.0 %; wanted at least 52.0 %; more launches would narrow the "
                "interval (see --repeats)"
            ),
        ),
    ],
)
def test_verdict_names_figure_and_bar(gate: Gate, line: str):
    """A gate's line says what was measured, what was wanted, and what to do."""

    assert render_text(REPORT, judge(REPORT, gate)) == f"{GOLDEN}{line}\n"


def test_every_reference_has_its_savings_and_its_place_in_the_sentence():
    """Many are read as easily as two; what lacks a saving is no reference."""

    report = make_whole_report(2)
    text = render_text(report, [])
    sentence = " ".join(text.split())

    for name in ("shipped", "forked"):
        assert f"; instead of 1 ({name}) " in sentence
        assert f"\nPSS of {name}, with redis-server " in text
        assert f"| PSS of {name} | " in render_markdown(report, [])

    assert "PSS of together-eager" not in text
    assert "\nimports at first use " in text
    assert max(map(len, text.splitlines())) <= 82


def test_a_measurement_without_a_reference_says_what_it_took():
    """Savings alone may be asked for: then nothing is saved of anything."""

    report = make_whole_report(2, names=("together-arenas", "together"))
    text = render_text(report, [])

    assert "\nEverything together takes 53." in text
    assert "\nsaved " not in text
    assert "\none arena in malloc " in text


def test_a_bar_is_about_its_own_reference():
    """What is saved of one is not what is saved of another."""

    gate = Gate(min_savings={"separate": 0.6, "shipped": 0.6})
    report = make_whole_report(3)
    verdicts = {each.reference: each.outcome for each in judge(report, gate)}

    assert verdicts == {"separate": Outcome.FAILED, "shipped": Outcome.PASSED}
    assert "gate failed: saved of separate 54." in render_text(
        report, judge(report, gate)
    )


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_the_peak_is_said_to_be_the_story_s(name: str):
    """What came after the story may be more, and nobody should wonder."""

    text = " ".join(FORMATS[name](make_whole_report(1), []).split())

    assert "the most PSS of any look while the story was played" in text
    assert text.count("story peak") == 2
    assert "the most PSS of any look" not in FORMATS[name](REPORT, [])


def test_the_story_s_peak_is_never_below_its_end():
    """`loaded` is of the story too, and two looks have time between them."""

    report = make_whole_report(2)
    low = dataclasses.replace(
        report,
        launches=tuple(
            dataclasses.replace(launch, peak=Peak(pss=MIB, rss=MIB))
            for launch in report.launches
        ),
    )

    for column in work_out(low).columns:
        assert column.peak == column.checkpoints["loaded"]

    for column in work_out(report).columns:
        assert (column.peak or 0) >= column.checkpoints["loaded"]


def test_warm_ups_are_told_from_the_launches_of_the_mean():
    """The ledger is of all launches, the figures are not."""

    first, *others = REPORT.launches
    report = dataclasses.replace(
        REPORT, launches=(dataclasses.replace(first, warm_up=True), first, *others)
    )
    text = " ".join(render_text(report, []).split())

    assert "mean of 3 launches, 2 s after the story; 7 launches in all" in text
    assert "of which 1 to warm up" in text


def test_a_long_name_of_a_note_keeps_its_distance():
    """The word that makes a report doubtful is the longest."""

    settling = Settling(begin=0, end=2, swap=4096, huge_pages=0)
    *others, last = REPORT.launches
    swapping = dataclasses.replace(last, settling=settling)
    text = render_text(dataclasses.replace(REPORT, launches=(*others, swapping)), [])

    assert "\nunsettled: launch 6 (together)" in text

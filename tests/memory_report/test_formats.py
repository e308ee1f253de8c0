"""The report as it is shown: text, Markdown, JSON, JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from memory_report.gates import Gate, judge
from memory_report.records import read_report, write_json
from memory_report.render import FORMATS
from memory_report.render.text import render_text
from tests.memory_report.examples import MIB, make_report

REPORT = make_report((100, 50), (100, 48), (100, 46))

GOLDEN = """\
Memory after load in MiB, mean of 3 launches, 2 s after the story

                                       PSS       USS       RSS
--------------------------------------------------------------
separate
  web                                 50.0      33.3     100.0
  ws                                  25.0      16.7      50.0
  tasks                               25.0      16.7      50.0
  shared with this report              0.0
  total                              100.0      66.7     200.0
  redis-server                         5.0       4.0       9.0
  total with redis-server            105.0      70.7     209.0
--------------------------------------------------------------
together
  web+ws+tasks                        48.0      48.0      48.0
  shared with this report              0.0
  total                               48.0      48.0      48.0

saved                          MiB     share
--------------------------------------------------------------
PSS                           52.0    52.0 %   95 % interval 47.0 to 57.0 %
USS                           18.7    28.0 %   95 % interval 20.5 to 35.5 %
RSS                          152.0    76.0 %   95 % interval 73.5 to 78.5 %
PSS, with redis-server        57.0    54.3 %   95 % interval 49.6 to 59.0 %
USS, with redis-server        22.7    32.1 %   95 % interval 25.0 to 39.1 %
RSS, with redis-server       161.0    77.0 %   95 % interval 74.7 to 79.4 %

One interpreter instead of three saves 52.0 % of the memory (PSS, 95 % interval
47.0 to 57.0 %), and 54.3 % counting the Redis that it does not need.

ledger: 120 page requests, 8 API calls, 5 WebSockets with 30 pushes of job
        runs, 5 rows; 18 counts agree at both ends and in all 6 launches
ready:  separate after 0.50 s
ready:  together after 0.50 s
on:     CPython 3.12.1, Linux 6.1 x86_64, 2 x A Processor, redis-server 7.0.15,
        bytecode compiled beforehand, huge pages madvise
PSS:    this report's share of common pages counts to what it measured, which
        would have it if nobody looked
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
    gate = Gate(min_saving=0.4, max_pss=50 * MIB)

    assert kept == REPORT
    assert FORMATS[name](kept, judge(kept, gate)) == FORMATS[name](
        REPORT, judge(REPORT, gate)
    )


MARKDOWN = """\
### Memory report

- **passed**: saved 52.0 %, 95 % interval 47.0 to 57.0 %; wanted at least 40.0 %

One interpreter instead of three saves 52.0 % of the memory (PSS, 95 % interval \
47.0 to 57.0 %), and 54.3 % counting the Redis that it does not need.

| | separate | together | saved | share | |
|---|---:|---:|---:|---:|---|
| PSS | 100.0 MiB | 48.0 MiB | 52.0 MiB | 52.0 % | 95 % interval 47.0 to 57.0 % |
| USS | 66.7 MiB | 48.0 MiB | 18.7 MiB | 28.0 % | 95 % interval 20.5 to 35.5 % |
| RSS | 200.0 MiB | 48.0 MiB | 152.0 MiB | 76.0 % | 95 % interval 73.5 to 78.5 % |

<details><summary>Memory after load in MiB, mean of 3 launches, 2 s after the story\
</summary>

| | PSS | USS | RSS |
|---|---:|---:|---:|
| separate: web | 50.0 | 33.3 | 100.0 |
| separate: ws | 25.0 | 16.7 | 50.0 |
| separate: tasks | 25.0 | 16.7 | 50.0 |
| separate: shared with this report | 0.0 | | |
| **separate** | 100.0 | 66.7 | 200.0 |
| separate: redis-server | 5.0 | 4.0 | 9.0 |
| separate with redis-server | 105.0 | 70.7 | 209.0 |
| together: web+ws+tasks | 48.0 | 48.0 | 48.0 |
| together: shared with this report | 0.0 | | |
| **together** | 48.0 | 48.0 | 48.0 |

- ledger: 120 page requests, 8 API calls, 5 WebSockets with 30 pushes of job runs, \
5 rows; 18 counts agree at both ends and in all 6 launches
"""


def test_markdown_has_the_verdict_first_and_the_rest_folded_away():
    """It fits a comment: what was decided can be read without opening anything."""

    text = FORMATS["markdown"](REPORT, judge(REPORT, Gate(min_saving=0.4)))

    assert text.startswith(MARKDOWN)
    assert text.endswith("\n\n</details>\n")
    assert "- **" not in FORMATS["markdown"](REPORT, [])


def test_junit_has_a_case_for_each_gate():
    """A doubt is an error and not a failure: nothing was decided."""

    gate = Gate(min_saving=0.52, max_pss=40 * MIB)
    text = FORMATS["junit"](REPORT, judge(REPORT, gate))
    suite = ElementTree.fromstring(text)  # noqa: S314 - our own
    cases = {case.get("name"): [each.tag for each in case] for case in suite}

    assert suite.attrib == {
        "name": "memory_report",
        "tests": "2",
        "failures": "1",
        "errors": "1",
    }
    assert cases == {"saving": ["error"], "pss": ["failure"]}
    passed = FORMATS["junit"](REPORT, judge(REPORT, Gate(min_saving=0.4)))
    assert "<system-out>saved 52.0 %" in passed


def test_json_has_the_figures_without_the_samples():
    """A program reads what the table says, in bytes and shares."""

    gate = Gate(min_saving=0.4)
    content = json.loads(FORMATS["json"](REPORT, judge(REPORT, gate)))
    figures = content["figures"]

    assert figures["together"]["total"]["pss"] == 48 * MIB
    assert figures["separate"]["redis"]["pss"] == 5 * MIB
    assert figures["savings"][0]["field"] == "pss"
    assert figures["savings"][0]["share"]["value"] == pytest.approx(0.52)
    assert content["verdicts"][0]["outcome"] == "passed"
    assert "launches" not in content


def test_one_launch_is_said_to_have_no_interval():
    """A figure without an interval is not dressed up as one with."""

    text = render_text(make_report((100, 50)), [])

    assert "saves 50.0 % of the memory (PSS, one launch,\nno interval)" in text


@pytest.mark.parametrize(
    ("gate", "line"),
    [
        (
            Gate(min_saving=0.4),
            (
                "gate passed: saved 52.0 %, 95 % interval 47.0 to 57.0 %; "
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
            Gate(min_saving=0.52),
            (
                "gate inconclusive: saved 52.0 %, 95 % interval 47.0 to 57.0 %; wanted "
                "at least 52.0 %; more launches would narrow the interval "
                "(see --repeats)"
            ),
        ),
    ],
)
def test_verdict_names_figure_and_bar(gate: Gate, line: str):
    """A gate's line says what was measured, what was wanted, and what to do."""

    assert render_text(REPORT, judge(REPORT, gate)) == f"{GOLDEN}{line}\n"

"""A report for programs: as JUnit and as JSON."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from memory_report.gates import Gate, judge
from memory_report.render.formats import FORMATS
from tests.memory_report.examples import MIB, make_report

REPORT = make_report((100, 50), (100, 48), (100, 46))


def test_junit_has_a_case_for_each_gate():
    """A doubt is an error and not a failure: nothing was decided."""

    gate = Gate(min_savings={"separate": 0.52}, max_pss=40 * MIB)
    text = FORMATS["junit"](REPORT, judge(REPORT, gate))
    suite = ElementTree.fromstring(text)  # noqa: S314 - our own
    cases = {case.get("name"): [each.tag for each in case] for case in suite}

    assert suite.attrib == {
        "name": "memory_report",
        "tests": "2",
        "failures": "1",
        "errors": "1",
    }
    assert cases == {"saving of separate": ["error"], "pss": ["failure"]}
    passed = FORMATS["junit"](
        REPORT, judge(REPORT, Gate(min_savings={"separate": 0.4}))
    )
    assert "<system-out>saved of separate 52.0 %" in passed


def test_junit_without_a_gate_says_what_was_measured():
    """A suite without a case looks as if nothing had been run."""

    suite = ElementTree.fromstring(FORMATS["junit"](REPORT, []))  # noqa: S314 - our own

    assert suite.get("tests") == "2"
    assert {case.get("name"): case[0].text for case in suite} == {
        "measured separate": "PSS 100.0 MiB",
        "measured together": "PSS 48.0 MiB",
    }


def test_json_has_the_figures_without_the_samples():
    """A program reads what the table says, in bytes and shares."""

    gate = Gate(min_savings={"separate": 0.4})
    content = json.loads(FORMATS["json"](REPORT, judge(REPORT, gate)))
    figures = content["figures"]

    columns = {each["arrangement"]: each for each in figures["columns"]}

    assert columns["together"]["total"]["pss"] == 48 * MIB
    assert columns["separate"]["redis"]["pss"] == 5 * MIB
    assert figures["savings"][0]["baseline"] == "separate"
    assert figures["savings"][0]["field"] == "pss"
    assert figures["savings"][0]["share"]["value"] == pytest.approx(0.52)
    assert content["verdicts"][0]["outcome"] == "passed"
    assert content["verdicts"][0]["baseline"] == "separate"
    assert "launches" not in content

"""The gates as JUnit's XML, which CI services show as tests."""

from __future__ import annotations

from collections.abc import Sequence

from memory_report.figures import work_out
from memory_report.gates import Outcome, Verdict
from memory_report.records import Report
from memory_report.render.words import describe_verdict, mib

#: What an outcome that did not pass is called there: an error is no verdict.
_ELEMENTS = {Outcome.FAILED: "failure", Outcome.INCONCLUSIVE: "error"}


def render_junit(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return a suite with a case for each gate, or without any for each arrangement.

    A suite without a case looks to CI services as if nothing had been run.
    """

    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    outcomes = [verdict.outcome for verdict in verdicts]
    counts = {
        "tests": len(outcomes) or len(report.plan.arrangements),
        "failures": outcomes.count(Outcome.FAILED),
        "errors": outcomes.count(Outcome.INCONCLUSIVE),
    }
    suite = Element(
        "testsuite",
        {"name": "memory_report", **{key: str(n) for key, n in counts.items()}},
    )
    for verdict in verdicts:
        of = f" of {verdict.reference}" if verdict.reference else ""
        name = f"{verdict.subject}{of}"
        case = SubElement(suite, "testcase", classname="memory_report", name=name)
        text = describe_verdict(verdict)
        if verdict.outcome in _ELEMENTS:
            SubElement(case, _ELEMENTS[verdict.outcome], message=text)
        else:
            SubElement(case, "system-out").text = text

    for column in () if verdicts else work_out(report).columns:
        name = f"measured {column.arrangement}"
        case = SubElement(suite, "testcase", classname="memory_report", name=name)
        SubElement(case, "system-out").text = f"PSS {mib(column.total.pss)} MiB"

    indent(suite)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return head + tostring(suite, encoding="unicode") + "\n"

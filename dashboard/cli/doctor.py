"""`doctor`: what the database's examination found, as lines or as JSON."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence

from dashboard.cli.answers import FAILED, OK, Answer, show
from dashboard.cli.opened import name_file
from dashboard.database.doctor import Finding, Verdict, examine_database
from dashboard.settings import Settings

SUMMARY = {
    Verdict.OK: "The database is in order.",
    Verdict.WARNING: "The database works; see the warnings.",
    Verdict.PROBLEM: "The database has a problem.",
}


async def examine(arguments: Namespace, settings: Settings) -> Answer:
    """Examine the database of the settings; it need not be there."""
    findings = await examine_database(
        name_file(settings),
        driver=settings.db_driver,
        journal_mode=settings.db_journal_mode,
    )
    worst = _find_worst(findings)
    if arguments.json:
        lines = [_render_json(findings, worst)]
    else:
        lines = [*_render_text(findings), "", SUMMARY[worst]]

    return Answer(lines=lines, exit_code=FAILED if worst is Verdict.PROBLEM else OK)


def _find_worst(findings: Sequence[Finding]) -> Verdict:
    order = list(Verdict)
    return max((one.verdict for one in findings), key=order.index)


def _render_text(findings: Sequence[Finding]) -> Iterator[str]:
    width = max(len(one.name) for one in findings)
    for one in findings:
        yield f"{one.verdict.value:7}  {one.name:{width}}  {show(one.found)}"
        if one.advice is not None:
            yield f"{'':7}  {'':{width}}  -> {show(one.advice)}"


def _render_json(findings: Sequence[Finding], worst: Verdict) -> str:
    return json.dumps(
        {
            "verdict": worst.value,
            "findings": [
                {
                    "name": one.name,
                    "verdict": one.verdict.value,
                    "found": one.found,
                    "advice": one.advice,
                }
                for one in findings
            ],
        },
        indent=2,
    )

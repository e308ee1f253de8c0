"""The figures as JSON, for a program that has no use for the raw samples."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from memory_report.figures import work_out
from memory_report.gates import Verdict
from memory_report.records import SCHEMA, Report


def render_json(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return the plan, the figures and the verdicts; sizes in bytes."""

    content = {
        "schema": SCHEMA,
        "plan": report.plan,
        "environment": report.environment,
        "figures": work_out(report),
        "verdicts": verdicts,
    }
    text = msgspec.json.format(msgspec.json.encode(content), indent=2)
    return text.decode() + "\n"

"""The figures as JSON, for a program that has no use for the raw samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from memory_report.figures import work_out
from memory_report.gates import Verdict
from memory_report.records import SCHEMA, Report


def render_json(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return the procedure, the figures and the verdicts; sizes in bytes."""

    content = {
        "schema": SCHEMA,
        "plan": report.plan,
        "environment": report.environment,
        "figures": work_out(report),
        "verdicts": verdicts,
    }
    return write_content(content)


def write_content(content: object) -> str:
    """Return JSON of schema 2, whose readers know a reference as `baseline`."""

    named = _name_references(msgspec.to_builtins(content))
    return msgspec.json.format(msgspec.json.encode(named), indent=2).decode() + "\n"


def _name_references(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            "baseline" if key == "reference" else key: _name_references(each)
            for key, each in value.items()
        }

    if isinstance(value, list | tuple):
        return [_name_references(each) for each in value]

    return value

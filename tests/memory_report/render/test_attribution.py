"""An attribution in words: the same bytes for the same record."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from dashboard.memory_reports import read_attribution as read_for_the_page
from memory_report.attribution.records import read_attribution
from memory_report.errors import ReportFileError
from memory_report.files import write_json
from memory_report.render.attribution import FORMATS
from tests.memory_report.attribution.examples import MIB, make_attribution

RECORD = make_attribution()
SHARES = """\
whose memory it is
service       share  95 % interval  alone  given back
-----------------------------------------------------
floor of all   30.0   30.0 to 30.0
web             9.0     9.0 to 9.0   10.0         8.0
ws              5.0     5.0 to 5.0    6.0         4.0
-----------------------------------------------------
total          44.0   44.0 to 44.0
"""


def test_text_has_the_table_of_shares():
    """Words to the left, figures to the right, a rule above the total."""

    text = FORMATS["text"](RECORD)

    assert f"{SHARES}service: its name in the plan; share: what it adds" in text
    assert "web+ws     72.0    44.0   28.0  38.9 %" in text
    assert "socket    12.0   12.0 to 12.0" in text
    assert "libpython3.12.so.1.0  4.00  0.00         4.00" in text
    assert "1.10 times" in text


def test_markdown_folds_all_but_the_shares():
    """A comment begins with the table that it is about."""

    text = FORMATS["markdown"](RECORD)

    assert "| web | 9.0 | 9.0 to 9.0 | 10.0 | 8.0 |" in text
    assert text.index("| total |") < text.index("<details>")
    assert text.count("<details>") == text.count("</details>") == 6


def test_services_without_load_have_no_slopes():
    """Own services are read as they start, and the text says so."""

    text = FORMATS["text"](dataclasses.replace(RECORD, slopes=()))

    assert "after the start" in text
    assert "one more" not in text
    assert "Redis" not in text
    assert "without the Redis" in " ".join(FORMATS["text"](RECORD).split())


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_record_gives_the_same_bytes(name: str, tmp_path: Path):
    """Whether it was measured just now or kept."""

    write_json(RECORD, tmp_path / "kept.json")
    kept = read_attribution(tmp_path / "kept.json")

    assert FORMATS[name](kept) == FORMATS[name](RECORD)


def test_the_page_of_the_dashboard_reads_the_json(tmp_path: Path):
    """It knows the form by itself, as it may import nothing of this."""

    path = tmp_path / "attribution.json"
    path.write_text(FORMATS["json"](RECORD), encoding="utf-8")

    found = read_for_the_page(path)

    assert found is not None
    figures = found[0].figures
    assert figures.floor.value == 30 * MIB
    assert [
        (each.service, each.share.value, each.back.value) for each in figures.shares
    ] == [("web", 9 * MIB, 8 * MIB), ("ws", 5 * MIB, 4 * MIB)]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot read"),
        ("{", "is not an attribution"),
        (json.dumps({"schema": 1}), "is not an attribution"),
        (json.dumps({"environment": {}}), "is a memory report, which `show` prints"),
        (json.dumps({"last": {}}), "is a reviewed baseline"),
    ],
)
def test_a_file_that_is_no_attribution_is_refused(
    content: str | None, complaint: str, tmp_path: Path
):
    """With its name and the reason."""

    path = tmp_path / "kept.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(ReportFileError, match=complaint):
        read_attribution(path)


def test_a_file_of_another_schema_is_refused(tmp_path: Path):
    """It would be read as something that it does not say."""

    write_json(dataclasses.replace(RECORD, schema=99), tmp_path / "kept.json")

    with pytest.raises(ReportFileError, match="schema 99, this program reads 2"):
        read_attribution(tmp_path / "kept.json")

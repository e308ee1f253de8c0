"""What clients were told: the same work has the same digests, other work has others."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from memory_report.answers import Answers, digest_answers
from memory_report.cli import main
from memory_report.files import read_report, write_json
from memory_report.records import Report
from tests.memory_report.examples import make_report

BOARD = """200
<input type="hidden" name="csrf_token" value="{token}">
<a href="/boards/{id}?edit=1">Edit</a> <a href="http://127.0.0.1:{port}/">Pinged</a>
<article class="cell card clock wide p4">
<time datetime="{time}"><span>{time}</span>
</time></article>
<article class="cell card memory wide p7">
<dl data-time="{port}"><dd>{port} MiB</dd></dl>
</article>
<article class="cell card notebook wide p8"><p>{note}</p></article>
"""
STATUS = '{{"name":"{note}","lastExecutionTimestamp":"{time}"}}'
PING = '{{"url":"http://127.0.0.1:{port}/","statusCode":204,"durationMs":{port}}}'


def tell(**changes: str) -> Answers:
    """Return what a launch with these words, at this time, told its clients."""

    words = {
        "id": "epvbac72bryo87gamyla5xbz",
        "token": "5W9k4Nu_UyC2Q8I8",
        "port": "40001",
        "time": "2026-11-23T19:26:00.922Z",
        "note": "Note 9",
    }
    words |= changes
    return [
        ("web GET /", "302 /init\n"),
        (f"web GET /boards/{words['id']}", BOARD.format(**words)),
        (f"web GET /boards/{words['id']}", BOARD.format(**words | {"note": "late"})),
        ("ws cronJobs.subscribeToStatusUpdates", STATUS.format(**words)),
        ("ws widget.app.updatedPing", PING.format(**words)),
    ]


def test_identifiers_times_sizes_secrets_and_order_make_no_difference():
    """Two launches of one story were told the same, each thing under its own name."""

    first = digest_answers(tell())
    other = tell(
        id="tfpjyw2ewnsvgtodqvjctih8", token="-eigShYQc9YZt8Li", port="9", time="now"
    )

    assert list(first) == [
        "web GET /",
        "web GET /boards/*",
        "ws cronJobs.subscribeToStatusUpdates",
        "ws widget.app.updatedPing",
    ]
    assert digest_answers(reversed(other)) == first


@pytest.mark.parametrize("note", ["Note 8", "Note 9 ", ""])
def test_other_words_make_a_difference(note: str):
    """A letter more, less, or another one; and only under what it was the answer to."""

    first, other = digest_answers(tell()), digest_answers(tell(note=note))

    assert {asked for asked in first if first[asked] != other[asked]} == {
        "web GET /boards/*",
        "ws cronJobs.subscribeToStatusUpdates",
    }


def test_the_same_answer_once_more_makes_a_difference():
    """Sixty pages are not one page."""

    once = tell()

    assert digest_answers(once) != digest_answers([*once, once[-1]])


def make_told(*notes: str) -> Report:
    """Return a report whose launches' clients were told these words."""

    report = make_report((100, 50))
    launches = tuple(
        dataclasses.replace(
            launch,
            ledger=dataclasses.replace(
                launch.ledger, answers=digest_answers(tell(note=note))
            ),
        )
        for launch, note in zip(report.launches, notes, strict=True)
    )
    return dataclasses.replace(report, launches=launches)


def test_launches_that_were_told_other_things_are_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 4, what was asked, and no table."""

    path = tmp_path / "report.json"
    write_json(make_told("Note 9", "Note 8"), path)

    code = main(["show", str(path)])

    printed = capsys.readouterr()
    assert (code, printed.out) == (4, "")
    assert "answers to web GET /boards/*: launch 1 (separate) gave others" in (
        printed.err
    )
    assert "updatedPing" not in printed.err


def test_a_report_from_before_there_were_answers_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """It says of what it has that it is alike, and no more."""

    path = tmp_path / "report.json"
    write_json(make_told("Note 9", "Note 9"), path)
    assert main(["show", str(path)]) == 0
    assert "4 kinds of answers" in capsys.readouterr().out

    text = path.read_text(encoding="utf-8").replace('"answers":', '"unknown":')
    path.write_text(text, encoding="utf-8")

    assert read_report(path).launches[0].ledger.answers == {}
    assert main(["show", str(path)]) == 0
    assert "kinds of answers" not in capsys.readouterr().out

"""The kept memory report: what is read of it, and how the rest is refused."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dashboard.database import Database
from dashboard.errors import MemoryReportError
from dashboard.memory_reports import (
    ATTRIBUTION_SCHEMA,
    MAX_BYTES,
    REPORT_SCHEMA,
    find_folder,
    read_attribution,
    read_memory_report,
)
from dashboard.settings import Settings
from memory_report.attribution import records as attribution
from memory_report.cli import main
from memory_report.files import write_json
from memory_report.records import SCHEMA, Story
from memory_report.regions import Region
from memory_report.render.attribution import render_json as render_attribution
from tests.memory_report.examples import MIB, make_report

GOOD: dict[str, Any] = {
    "schema": REPORT_SCHEMA,
    "plan": {"repeats": 5},
    "environment": {"python": "CPython", "kernel": "Linux", "machine": "x86_64"},
    "figures": {
        "columns": [{"arrangement": "together", "total": {"pss": 1}}],
        "savings": [],
    },
}


def write(path: Path, content: object) -> Path:
    """Write a file as JSON, or bytes as they are."""

    path.write_bytes(
        content if isinstance(content, bytes) else json.dumps(content).encode()
    )
    return path


def refuse(path: Path) -> str:
    """Return why a file is refused, whose name is told."""

    with pytest.raises(MemoryReportError) as caught:
        read_memory_report(path)

    assert repr(str(path)) in str(caught.value)
    return caught.value.cause


def test_what_the_real_tool_writes_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """`show --format json`: each arrangement's PSS and Redis, the saving's interval."""

    samples = tmp_path / "samples.json"
    write_json(make_report((100, 50), (100, 48), (100, 46)), samples)
    assert main(["show", str(samples), "--format", "json"]) == 0
    path = write(tmp_path / "report.json", capsys.readouterr().out.encode())
    os.utime(path, (1_000, 2_000))

    found = read_memory_report(path)

    assert found is not None
    report, written = found
    assert written == 2_000
    assert report.plan.repeats == 3
    assert report.environment.python == "CPython 3.12.1"
    separate, together = report.figures.columns
    assert (separate.arrangement, together.arrangement) == ("separate", "together")
    assert (separate.total.pss, together.total.pss) == (100 * MIB, 48 * MIB)
    assert separate.redis is not None
    assert (separate.redis.pss, together.redis) == (5 * MIB, None)
    (saving,) = [
        one for one in report.figures.savings if one.field == "pss" and not one.redis
    ]
    assert saving.baseline == "separate"
    assert saving.share.value == pytest.approx(0.52)
    assert saving.share.lower is not None
    assert saving.share.upper is not None
    assert saving.share.lower < 0.52 < saving.share.upper


def test_an_interval_that_is_wider_than_what_can_be_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Two launches say little: such a report is a good one, and shows just that."""

    samples = tmp_path / "samples.json"
    write_json(make_report((100, 50), (100, 30)), samples)
    assert main(["show", str(samples), "--format", "json"]) == 0
    path = write(tmp_path / "report.json", capsys.readouterr().out.encode())

    found = read_memory_report(path)

    assert found is not None
    share = found[0].figures.savings[0].share
    assert share.lower is not None
    assert share.upper is not None
    assert share.lower < 0 < 1 < share.upper


def test_what_the_real_tool_says_of_shares_is_read(tmp_path: Path):
    """`attribute --format json`: the floor, each share, what is free without it."""

    path = write(
        tmp_path / "shares.json", render_attribution(make_attribution()).encode()
    )

    found = read_attribution(path)

    assert found is not None
    figures = found[0].figures
    assert figures.floor.value == 10 * MIB
    assert [
        (one.service, one.share.value / MIB, one.back.value / MIB)
        for one in figures.shares
    ] == [("a", 3.5, 3), ("b", 2.5, 2)]


def make_attribution() -> attribution.Attribution:
    """Return two services above a floor of 10 MiB, in one round."""

    sizes = {(): 10, ("a",): 14, ("b",): 13, ("a", "b"): 16}
    return attribution.Attribution(
        schema=attribution.SCHEMA,
        machine=attribution.Machine(python="", kernel="", machine="", bytecode=""),
        plan=attribution.AttributionProcedure(rounds=1, settle=0.0, story=Story()),
        services=("a", "b"),
        launches=tuple(
            attribution.SetLaunch(
                round=1,
                services=services,
                regions=(Region(name="[heap]", own=size * MIB, cached=0),),
                pss=size * MIB,
                work={},
            )
            for services, size in sizes.items()
        ),
        slopes=(),
        imports=attribution.Imports(bare=1, floors=(1,), modules=(), graph={}),
    )


@pytest.mark.parametrize("read", [read_memory_report, read_attribution])
def test_raw_samples_are_named_with_the_command_that_makes_a_report_of_them(
    tmp_path: Path, read: Callable[[Path], object]
):
    """What `--json` keeps, which the real tool writes, under either name."""

    raw = tmp_path / "raw.json"
    write_json(make_report((100, 50)), raw)
    with pytest.raises(MemoryReportError) as caught:
        read(raw)

    assert caught.value.cause == (
        "has the raw samples that `measure --json` keeps; make memory-report.json of "
        "them: `python -m memory_report show FILE --format json`"
    )

    write_json(make_attribution(), raw)
    with pytest.raises(MemoryReportError) as caught:
        read(raw)

    assert caught.value.cause == (
        "has the raw samples that `attribute --json` keeps; make "
        "memory-attribution.json of them: "
        "`python -m memory_report attribute --kept FILE --format json`"
    )


def test_the_schemas_are_those_of_the_tool():
    """Whoever raises one has to look at the page."""

    assert (REPORT_SCHEMA, ATTRIBUTION_SCHEMA) == (SCHEMA, attribution.SCHEMA)


def test_no_file_is_no_report(tmp_path: Path):
    """Nothing was measured yet: nothing is wrong."""

    assert read_memory_report(tmp_path / "none.json") is None
    assert read_attribution(tmp_path / "none" / "none.json") is None


@pytest.mark.parametrize("schema", [1, 3])
def test_another_schema_is_refused_with_both_numbers(tmp_path: Path, schema: int):
    """Even where all that is read of it would be there."""

    path = write(tmp_path / "report.json", {**GOOD, "schema": schema})

    assert refuse(path) == f"has schema {schema}, and this page reads {REPORT_SCHEMA}"


def test_more_than_is_read_is_passed_over(tmp_path: Path):
    """A newer tool may say more under the same schema."""

    path = write(tmp_path / "report.json", {**GOOD, "more": [{"and": "more"}]})

    assert read_memory_report(path) is not None


def change(**changes: object) -> dict[str, object]:
    """Return a good report with other figures."""

    return {**GOOD, "figures": {**GOOD["figures"], **changes}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{",
        b'{"schema": "2"}',
        b'{"schema": 2}',
        b'{"schema": 2, "launches": 1}',
        b'{"schema": 2, "figures": {}, "launches": []}',
        change(columns=[]),
        change(notes=[["a", "x" * 2001]]),
        change(notes=["unsettled"]),
        change(columns=[{"arrangement": "", "total": {"pss": 1}}]),
        change(columns=[{"arrangement": "x" * 201, "total": {"pss": 1}}]),
        change(columns=[{"arrangement": "x", "total": {"pss": -1}}]),
        change(columns=[{"arrangement": "x", "total": {"pss": 1e300}}]),
        change(columns=[{"arrangement": "x", "total": {"pss": "1"}}]),
        change(columns=[{"arrangement": "x", "total": {"pss": 1}}] * 51),
        change(savings=[{"baseline": "x", "field": "pss", "redis": False}]),
        change(
            savings=[
                {
                    "baseline": "x",
                    "field": "pss",
                    "redis": False,
                    "share": {"value": 1.5},
                }
            ]
        ),
        {**GOOD, "plan": {"repeats": 0}},
        {**GOOD, "environment": {}},
        json.dumps(GOOD).replace('"pss": 1', '"pss": 1e999').encode(),
        json.dumps(GOOD).encode() + b"x",
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: object):
    """Half files, other files, and numbers that cannot be."""

    cause = refuse(write(tmp_path / "report.json", content))

    assert cause.startswith("is none that can be shown: ")
    assert cause.endswith(
        "; `python -m memory_report show FILE --format json` makes one"
    )


def test_a_report_without_end_in_depth_is_refused(tmp_path: Path):
    """Brackets within brackets are not followed for ever."""

    deep = b'{"schema": 2, "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    assert "depth" in refuse(write(tmp_path / "report.json", deep))


def test_a_file_beyond_the_bound_is_refused_unread(tmp_path: Path):
    """One byte more than it may have, and one that has as much."""

    text = json.dumps(GOOD).encode()
    path = write(tmp_path / "report.json", text.ljust(MAX_BYTES))
    assert read_memory_report(path) is not None

    write(path, text.ljust(MAX_BYTES + 1))
    assert refuse(path) == (
        "has more than 1024 KiB, which nothing has that `show` or `attribute` prints "
        "with `--format json`"
    )


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda path: path.mkdir(), "is no file"),
        (os.mkfifo, "is no file"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels"),
    ],
    ids=["folder", "pipe", "circle"],
)
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], object], cause: str
):
    """A pipe that nobody writes into keeps no page waiting."""

    path = tmp_path / "report.json"
    make(path)

    assert refuse(path).startswith(cause)


@pytest.fixture(name="reads")
def _reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many bytes each reading of a file brought."""

    reads: list[int] = []

    def read(descriptor: int, length: int) -> bytes:
        content = os.pread(descriptor, length, 0)
        reads.append(len(content))
        return content

    monkeypatch.setattr("dashboard.memory_reports.os.read", read)
    return reads


def test_a_file_that_has_not_changed_is_read_once(tmp_path: Path, reads: list[int]):
    """Another file is another one, also where its times and its size are the same."""

    first, second = ({**GOOD, "plan": {"repeats": count}} for count in (5, 6))
    path = write(tmp_path / "report.json", first)
    os.utime(path, (1_000, 2_000))
    found = [read_memory_report(path) for _ in range(3)]
    assert len(reads) == 1
    assert found == [found[0]] * 3

    other = write(tmp_path / "new.json", second)
    os.utime(other, (1_000, 2_000))
    other.replace(path)
    changed = [read_memory_report(path) for _ in range(3)]
    assert len(reads) == 2
    assert changed == [changed[0]] * 3 != found

    os.utime(path, (1_000, 3_000))
    again = read_memory_report(path)
    assert again is not None
    assert again[1] == 3_000

    path.unlink()
    assert read_memory_report(path) is None


def test_a_report_that_was_read_is_no_attribution(tmp_path: Path):
    """What is kept of a file is kept as what it was read as."""

    path = write(tmp_path / "report.json", GOOD)
    assert read_memory_report(path) is not None

    with pytest.raises(MemoryReportError):
        read_attribution(path)


def count_open_files() -> int:
    """Return how many descriptors this process has, the one that looks included."""

    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_stays_open(tmp_path: Path):
    """Neither after a good file nor after one that was refused."""

    good = write(tmp_path / "good.json", GOOD)
    before = count_open_files()
    for _ in range(3):
        read_memory_report(good)
        refuse(tmp_path)

    assert count_open_files() == before


async def test_the_database_in_its_place_is_not_opened(tmp_path: Path):
    """Closing it as a file would drop SQLite's locks."""

    path = tmp_path / "db.sqlite"
    with closing(sqlite3.connect(path)):
        pass

    database = Database(path)
    await database.open()
    try:
        await database.all("SELECT 1")
        assert refuse(path) == "is the database"
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        (Settings(db_url="/data/db/db.sqlite"), Path("/data/db")),
        (Settings(memory_report_path="/kept"), Path("/kept")),
        (Settings(db_url="https://db.example", memory_report_path="k"), Path("k")),
        (Settings(db_url="https://db.example"), None),
    ],
)
def test_the_folder_is_that_of_the_database_or_the_setting_s(
    settings: Settings, folder: Path | None
):
    """A server's database has no folder of ours."""

    assert find_folder(settings) == folder

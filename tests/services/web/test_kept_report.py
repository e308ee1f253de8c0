"""The kept report on the memory page: shown, or refused in a line."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path
from typing import get_args

import pytest

from dashboard.database import Database
from dashboard.settings import Settings
from memory_report.validity import Word
from services.web.kept_report import _DOUBTS

from .helpers import MIB, Browser

PAGE = "/manage/memory"


def make_report(**changes: object) -> dict[str, object]:
    """Return a report of two arrangements as the tool writes it."""

    def column(name: str, pss: float, redis: float | None) -> dict[str, object]:
        return {
            "arrangement": name,
            "total": {"pss": pss * MIB},
            "redis": None if redis is None else {"pss": redis * MIB},
        }

    share = {"value": 0.5432, "lower": 0.542, "upper": 0.544}
    saving = {"baseline": "separate", "field": "pss", "redis": False, "share": share}
    return {
        "schema": 2,
        "plan": {"repeats": 5},
        "environment": {"python": "CPython 3", "kernel": "Linux", "machine": "arm"},
        "figures": {
            "columns": [column("separate", 120, 5), column("together", 60, None)],
            "savings": [
                {**saving, "field": "rss", "share": {"value": 0.7}},
                {**saving, "redis": True, "share": {"value": 0.6}},
                saving,
            ],
        },
        **changes,
    }


def keep(database: Database, content: object, name: str = "memory-report.json") -> None:
    """Write a file beside the database."""

    path = Path(str(database.path)).with_name(name)
    path.write_text(json.dumps(content))
    os.utime(path, (0, 1_767_225_600))


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    """Settings that name the database which the tests really have."""

    return Settings(auth_secret="a secret", db_url=str(tmp_path / "db.sqlite"))


async def test_the_last_report_is_shown(member: Browser, database: Database):
    """The saving with its interval, and each arrangement as a bar with its size."""

    keep(database, make_report())
    page = await member.get(PAGE)

    assert (
        "One process instead of separate processes saves 54.3 % of the memory "
        "(PSS, 95 % interval 54.2 to 54.4 %)." in page.words
    )
    assert (
        "Separate processes 120.0 MiB PSS and 5.0 for Redis "
        "54.3 % saved by one process, 95 % interval 54.2 to 54.4 % "
        "One process 60.0 MiB PSS Here a file's pages count once and in full, whoever "
        "else maps them, so this PSS is above a running process's own. "
        "5 launches of each on CPython 3, Linux arm, "
        "kept 2026-01-01 00:00 UTC." in page.words
    )
    assert re.findall(r'<rect width="([\d.]+)%"', page.text) == ["96.0", "48.0"]


async def test_files_are_read_beside_the_lane(
    member: Browser, monkeypatch: pytest.MonkeyPatch
):
    """A large file, or a slow disk, keeps nobody else waiting."""

    threads = []

    def read(path: Path) -> None:
        threads.append(threading.current_thread())

    monkeypatch.setattr("services.web.kept_report.read_memory_report", read)
    monkeypatch.setattr("services.web.kept_report.read_attribution", read)
    page = await member.get(PAGE)

    assert page.status == 200
    assert len(threads) == 2
    assert threading.current_thread() not in threads


async def test_one_launch_has_no_interval(member: Browser, database: Database):
    """Nothing is said that nobody knows."""

    report = make_report(plan={"repeats": 1})
    report["figures"]["savings"][2]["share"] = {"value": 0.5, "lower": None}  # type: ignore[index]
    keep(database, report)
    words = (await member.get(PAGE)).words

    assert "saves 50.0 % of the memory (PSS)." in words
    assert "interval" not in words
    assert "1 launch of each" in words


async def test_what_speaks_against_a_report_stands_beside_it(
    member: Browser, database: Database
):
    """A launch that had not settled is named; the other notes are for the terminal."""

    report = make_report()
    notes = [["unsettled", "launch 3 moved"], ["on", "some machine"]]
    report["figures"]["notes"] = notes  # type: ignore[index]
    keep(database, report)
    words = (await member.get(PAGE)).words

    assert "Unsettled: launch 3 moved. 5 launches" in words
    assert "some machine" not in words


def test_the_tool_has_no_other_words_of_doubt():
    """A new one has to be shown as well."""

    assert set(_DOUBTS) == set(get_args(Word))


async def test_a_report_without_a_comparison_is_shown_too(
    member: Browser, database: Database
):
    """One arrangement of a name that is not known, of nothing."""

    figures = {
        "columns": [{"arrangement": "<mine>", "total": {"pss": 0}}],
        "savings": [],
    }
    keep(database, make_report(figures=figures))
    words = (await member.get(PAGE)).words

    assert "Nothing was compared with one process." in words
    assert "<mine> 0.0 MiB PSS" in words


async def test_the_shares_are_shown_where_they_were_kept(
    member: Browser, database: Database
):
    """The floor is nobody's; a share may be less than nothing."""

    def share(name: str, size: float, back: float) -> dict[str, object]:
        sizes = {"share": {"value": size * MIB}, "back": {"value": back * MIB}}
        return {"service": name, **sizes}

    figures = {
        "floor": {"value": 30 * MIB},
        "shares": [share("web", 15, 12), share("ws", -0.2, 0)],
    }
    keep(database, {"schema": 2, "figures": figures}, "memory-attribution.json")
    page = await member.get(PAGE)

    assert (
        "Whose memory it is The floor of all 30.0 MiB web 15.0 MiB, 12.0 free without "
        "it ws -0.2 MiB, 0.0 free without it" in page.words
    )
    assert "over all orders, with a file's pages in full; kept" in page.words
    widths = re.findall(r'<rect width="([\d.]+)%"', page.text)
    assert widths == ["100.0", "50.0", "0.0"]


@pytest.mark.parametrize("name", ["memory-report.json", "memory-attribution.json"])
async def test_raw_samples_are_told_with_the_command_that_is_missing(
    member: Browser, database: Database, name: str
):
    """What `--json` keeps is easily put down in place of the figures."""

    keep(database, {"schema": 2, "launches": [], "imports": {}}, name)
    page = await member.get(PAGE)

    assert f"{name}' has the raw samples that `attribute --json` keeps;" in page.words
    assert "`python -m memory_report attribute --kept FILE" in page.words


async def test_without_a_report_the_page_says_how_to_get_one(
    member: Browser, database: Database
):
    """And where it would be kept."""

    words = (await member.get(PAGE)).words

    assert "make report measures this installation against separate" in words
    assert str(database.path).replace("db.sqlite", "memory-report.json") in words
    assert "Whose memory it is" not in words


@pytest.mark.parametrize("name", ["memory-report.json", "memory-attribution.json"])
@pytest.mark.parametrize("content", [{"schema": 99}, {}, [], "<script>"])
async def test_files_that_are_none_are_a_line_on_the_page(
    member: Browser, database: Database, name: str, content: object
):
    """Never a page of bad news: everything else is shown."""

    keep(database, content, name)
    page = await member.get(PAGE)

    assert page.status == 200
    assert f"{name}' " in page.words
    assert page.text.count('class="alert"') == 1
    assert "PSS 50.0 MiB" in page.words
    assert "<script>" not in page.words

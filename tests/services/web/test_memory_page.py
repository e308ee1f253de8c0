"""The memory page: the monitor's day, and the other processes."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from dashboard.resources import Resources

from .helpers import MIB, Browser, FakeClock, FakeMonitor, FakeSample

PAGE = "/manage/memory"


async def test_the_page_shows_what_the_process_has_now(
    member: Browser, monitor: FakeMonitor
):
    """Sizes, threads, files, and how late each lane was."""

    monitor.taken.append(replace(monitor.taken[-1], time=1_030.0, threads=7, files=33))
    page = await member.get(PAGE)

    assert page.status == 200
    assert "Of the process web+ws+tasks" in page.words
    assert (
        "PSS 50.0 MiB USS 45.0 MiB RSS 60.0 MiB CPU 1.0 % Threads 7 Open files 33 "
        "asyncio lag 1.2 ms trio lag 0.4 ms PSS is this process's own: a page that "
        "others map too counts in part, so other programs of the same Python lower it."
        in page.words
    )


async def test_the_day_is_drawn_on_the_server(member: Browser):
    """Without scripts the lines are there, named, over an axis from zero."""

    page = await member.get(PAGE)

    for name in ("pss", "uss", "rss"):
        (path,) = re.findall(rf'<path class="line {name}" d="([^"]+)"/>', page.text)
        assert path.startswith("M667 ")
        assert re.search(rf">{name.upper()} \d+\.\d</text>", page.text)

    # What leads from a line's end to its words is no part of the line.
    assert page.text.count('<line class="leader"') == 3
    assert page.text.count('class="line ') == 3

    assert re.findall(r'y="([\d.]+)%" dy="0.35em">(\d+)</text>', page.text)[0] == (
        "100.0",
        "0",
    )
    assert "between 48.0 and 50.0 MiB, now 50.0 MiB" in page.text


async def test_nothing_of_the_drawing_needs_what_the_policy_forbids(member: Browser):
    """No style attributes and no script but our own file."""

    page = await member.get(PAGE)

    assert 'style="' not in page.text
    assert len(re.findall("<script", page.text)) == 1
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]


async def test_the_table_has_the_same_for_those_who_hear_it(
    member: Browser, monitor: FakeMonitor
):
    """The newest stands first, each figure under its heading."""

    page = await member.get(PAGE)

    (table,) = re.findall(r'<table id="memory-table".*?</table>', page.text, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    heads, *bodies = [re.findall(r">([^<>]+)</t", row) for row in rows]
    assert heads[:4] == ["Until", "PSS, MiB", "USS, MiB", "RSS, MiB"]
    assert heads[-2:] == ["asyncio lag, ms", "trio lag, ms"]
    assert [row[1] for row in bodies] == ["50.0", "49.0", "48.0"]
    assert bodies[0][-2:] == ["1.2", "0.4"]
    assert '<time datetime="1970-01-01T00:17:00+00:00">00:17:00</time>' in table


async def test_other_processes_stand_beside_and_add_up(
    member: Browser, resources: Resources, clock: FakeClock
):
    """PSS of all that send samples is one sum."""

    for name, pss in (("ws", 20), ("tasks", 30.5)):
        sample = {"process": name, "time": clock(), "pss": pss * MIB, "threads": 2}
        resources.bus.publish(
            "memory", {**sample, "lags": {"trio": 0.004, "own": 0.0071}}
        )

    page = await member.get(PAGE)

    assert "so PSS adds up: 100.5 MiB in all." in page.words
    assert "web+ws+tasks 50.0 45.0 60.0 3 20 1.2" in page.words
    assert "ws 20.0 ? ? 2 ? 7.1" in page.words


async def test_a_process_alone_has_no_table_of_others(member: Browser):
    """There is nothing to add up."""

    assert "All processes" not in (await member.get(PAGE)).words


@pytest.mark.parametrize(
    "odd",
    [
        {"pss": "much", "lags": [1], "threads": None},
        {"pss": True, "lags": {"trio": "late"}, "threads": "2"},
        {"pss": None, "lags": {"a": None, "b": "x"}, "files": []},
        {"pss": math.inf, "lags": {"a": math.nan}, "files": 10**400},
    ],
)
async def test_odd_samples_of_others_are_shown_as_unknown(
    member: Browser, resources: Resources, clock: FakeClock, odd: dict[str, object]
):
    """Another version may send anything: the page stays."""

    resources.bus.publish("memory", {"process": "<ws>", "time": clock(), **odd})
    page = await member.get(PAGE)

    assert page.status == 200
    assert "<ws> ? ? ? ? ?" in page.words
    assert "50.0 MiB in all" in page.words


async def test_before_the_first_sample_the_page_says_so(
    member: Browser, monitor: FakeMonitor
):
    """Right after the start there is neither figure nor drawing."""

    monitor.taken.clear()
    page = await member.get(PAGE)

    assert page.status == 200
    assert "The first sample is on its way." in page.words
    assert f'id="memory-all" data-live="{monitor.label}"' in page.text


async def test_one_sample_is_shown_and_not_drawn(member: Browser, monitor: FakeMonitor):
    """The line begins with the second one; the table has it already."""

    monitor.taken[:] = [FakeSample()]
    page = await member.get(PAGE)

    assert "The drawing begins with the second sample." in page.words
    assert "PSS 50.0 MiB" in page.words
    assert page.text.count('<tr><th scope="row">') == 1


async def test_the_widget_leads_administrators_to_the_page(
    member: Browser, guest: Browser
):
    """Others, who may not open it, are not sent there."""

    await member.get("/")
    assert f'<h3><a href="{PAGE}">Memory</a></h3>' in (await member.get("/")).text

    board = await guest.get("/")
    assert PAGE not in board.text


def test_nobody_pays_for_the_page_who_does_not_open_it():
    """What it needs is imported by the first visit, not at the start."""

    late = (
        "services.web.chart",
        "services.web.memory_page",
        "services.web.kept_report",
        "dashboard.memory_reports",
    )
    program = "import sys, services.web; print([m for m in %r if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", program % (late,)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "[]"

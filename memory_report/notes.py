"""Named sentences that say how and where it was measured, and what is in doubt."""

from __future__ import annotations

from collections.abc import Iterator

from memory_report.ledger import count_agreements, find_one_ended
from memory_report.records import Launch, Ledger, Report, Story
from memory_report.statistics import counted
from memory_report.units import MIB
from memory_report.validity import find_doubts

_SHARED = (
    "pages of files that others map too, this report and neighbours, count in full to "
    "what it measured, which would have them alone"
)
_CRASHES = (
    "a service crashes when its process is killed (SIGKILL), each once in a launch of "
    "its own; down for good is what nobody there starts again"
)
_TIMED = (
    "timed by the story's own clients, whose load is light, in launches that are "
    "watched ten times a second"
)
_LATE = (
    "as the monitor in each process saw it, which looks twice a second while there is "
    "work: the longest of all launches"
)
_NOT_LATE = (
    "not told: the monitors sample every ten seconds, and a launch has to settle for "
    "as long (see --settle)"
)
#: Of fewer values the 99th percentile is the largest.
_PERCENTILE = 100
_NOT_ASKED = "not all of its processes run the runner, and no other can be asked"


def list_notes(report: Report) -> Iterator[tuple[str, str]]:
    """Return the name and the words of each note, doubts first."""

    for doubt in find_doubts(report.launches):
        kind = "launches" if len(doubt.launches) > 1 else "launch"
        numbers = ", ".join(map(str, doubt.launches))
        yield doubt.word, f"{kind} {numbers} ({doubt.arrangement}): {doubt.reason}"

    yield "ledger", _describe_work(report)
    yield from _list_price_notes(report)
    environment = report.environment
    where = (
        f"{environment.python}, {environment.kernel} {environment.machine}, "
        f"{environment.cpus} x {environment.cpu or 'unknown CPU'}, "
        f"{f'{environment.redis}, ' if environment.redis else ''}"
        f"bytecode {environment.bytecode}, "
        f"huge pages {environment.huge_pages or 'unknown'}"
    )
    yield "on", where
    yield "PSS", _SHARED
    if environment.observer is not None:
        size = environment.observer / MIB
        yield "observer", f"this report's own process, {size:.1f} MiB, is in no figure"

    if environment.neighbours:
        others = "process" if environment.neighbours == 1 else "processes"
        text = f"{environment.neighbours} other {others} of the same interpreter "
        yield "note", text + "shared pages with what was measured"


def _list_price_notes(report: Report) -> Iterator[tuple[str, str]]:
    prices = [each.price for each in _counting(report) if each.price is not None]
    if prices:
        story = report.plan.story
        # An older report of own services has the bundled story as well.
        load = "" if report.plan.own or story is None else f": {_describe_load(story)}"
        yield "price", f"{_TIMED}{load}"
        yield from _list_push_notes(report)
        yield "late", _LATE if any(price.lag for price in prices) else _NOT_LATE

    mute = [name for name in report.plan.arrangements if not _was_asked(report, name)]
    if mute:
        names = ", ".join(mute)
        yield "left out", f"collected and trimmed of {names}: {_NOT_ASKED}"

    if report.crashes:
        yield "crash", _CRASHES


def _list_push_notes(report: Report) -> Iterator[tuple[str, str]]:
    timed = {
        name: sum(
            len(launch.price.pushes)
            for launch in counted(report.launches, name)
            if launch.price is not None
        )
        for name in report.plan.arrangements
    }
    fewest = min(timed.values())
    if fewest:
        worst = "" if fewest >= _PERCENTILE else ": their p99 is the slowest of them"
        yield "push", f"of each arrangement {fewest} pushes were timed{worst}"


def _describe_load(story: Story) -> str:
    return (
        f"{story.board_reads} board pages, asked by {story.logins} visitors at a time; "
        f"{story.triggers} jobs, each from its call to its status at {story.sockets} "
        "sockets"
    )


def _counting(report: Report) -> list[Launch]:
    return [launch for launch in report.launches if not launch.warm_up]


def _was_asked(report: Report, arrangement: str) -> bool:
    """Say whether collected and trimmed were read, if anything beside settled was."""

    return all(
        launch.find_reading("collected") and launch.find_reading("trimmed")
        for launch in _counting(report)
        if launch.arrangement == arrangement and len(launch.readings) > 1
    )


def _describe_work(report: Report) -> str:
    own, first = report.plan.own is not None, report.launches[0].ledger
    if own:
        # What the story alone counts may be no number of anything, as a checksum.
        alone, _ = find_one_ended(first)
        work = ", ".join(
            f"{name} = {count}" if name in alone else f"{count} {name}"
            for name, count in sorted(first.client.items())
        )
    else:
        work = _describe_bundled_work(first)

    both, alike = count_agreements(first, own=own)
    contents = f" and what is in {len(first.digests)} tables" if first.digests else ""
    if first.answers:
        contents += f" and in {len(first.answers)} kinds of answers"

    return (
        f"{work}; {both} counts agree at both ends, {alike}{contents} are alike in all "
        f"{len(report.launches)} launches{_describe_one_ended(first) if own else ''}"
    )


def _describe_one_ended(ledger: Ledger) -> str:
    story, services = map(", ".join, find_one_ended(ledger))
    return (f"; only the story counts {story}" if story else "") + (
        f"; only the services count {services}" if services else ""
    )


def _describe_bundled_work(ledger: Ledger) -> str:
    client = ledger.client
    pushes = client.get("ws.status_pushes", 0) + client.get("ws.ping_pushes", 0)
    return (
        f"{client.get('web.requests', 0)} page requests, "
        f"{client.get('tasks.requests', 0)} API calls, "
        f"{client.get('ws.connections', 0)} WebSockets with {pushes} pushes of job "
        f"runs, {sum(ledger.rows.values())} rows"
    )

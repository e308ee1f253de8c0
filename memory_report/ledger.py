"""The work of the launches, compared field by field: equal, or no comparison."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from memory_report.errors import NotComparableError
from memory_report.records import Launch, Ledger, Report

#: Counted at both ends of the wire, so both ends must have the same number.
BOTH_ENDS = (
    "web.requests",
    "web.responses_2xx",
    "web.responses_3xx",
    "web.responses_4xx",
    "web.responses_5xx",
    "web.response_bytes",
    "tasks.requests",
    "tasks.responses_2xx",
    "tasks.responses_4xx",
    "tasks.responses_5xx",
    "tasks.response_bytes",
    "tasks.triggered",
    "ws.connections",
    "ws.subscriptions",
    "ws.messages",
    "ws.pushes",
    "ws.sent_bytes",
)
#: Counted by the services alone, and no part of the story: it went well or it did not.
TROUBLE = (
    "tasks.failures",
    "tasks.timeouts",
    "ws.refused",
    "ws.errors",
    "ws.dropped",
)
#: Grows with time and with the number of monitors: compared between the two ends
#: of one launch, but not between launches. Of sockets, a keep-alive is among the bytes.
TIMED = frozenset({"ws.pushes", "ws.sent_bytes"})
#: Likewise, of any service: pages have times, sizes and ports in them.
BYTES = ".response_bytes"
#: What the runner counts of every service, behind its name: a story that asks one for
#: anything has counted it as well.
RUNNERS = re.compile(r"[^.]+\.(connections|requests|responses_.xx|response_bytes)")
#: Behind the name of what the services counted of a field of both ends.
SERVICES = " (services)"


def check_ledgers(launches: Sequence[Launch], *, own: bool = False) -> None:
    """Refuse launches whose two ends disagree, or whose work was not the first's.

    What `own` services count is not known here: the two ends agree on every name that
    is both ends' affair, and there must be one.

    Raises:
        NotComparableError: with a line for each field that differs.
    """

    differences = [
        line for launch in launches for line in _compare_ends(launch, own=own)
    ]
    if own and not differences:
        differences += [line for each in launches for line in _find_uncounted(each)]
    elif not own:
        differences += [line for each in launches for line in _find_trouble(each)]

    for launch in launches[1:]:
        differences.extend(_compare_launches(launches[0], launch, own=own))

    if differences:
        raise NotComparableError(differences)


def check_report(report: Report) -> None:
    """Refuse launches that do not come in rounds, or whose ledgers differ.

    Raises:
        NotComparableError: with how many there are of each arrangement, or with a
            line for each field that differs.
    """

    counting = Counter(each.arrangement for each in report.launches if not each.warm_up)
    counts = [counting[name] for name in report.plan.arrangements]
    if not all(counts) or len(set(counts)) > 1:
        told = ", ".join(
            f"{count} {name}"
            for count, name in zip(counts, report.plan.arrangements, strict=True)
        )
        raise NotComparableError([f"launches: {told}"])

    check_ledgers(report.launches, own=report.plan.own is not None)


def find_both_ends(ledger: Ledger, *, own: bool = False) -> tuple[str, ...]:
    """Return the fields that must have the same number at both ends.

    Of own services these are whatever the story counts as some service's, by a dot in
    its name, and what the runner counts of any.
    """

    if not own:
        return BOTH_ENDS

    asked = {name for name in ledger.client if "." in name or name in ledger.services}
    return tuple(sorted(asked | set(filter(RUNNERS.fullmatch, ledger.services))))


def find_one_ended(ledger: Ledger) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what of own work the story counts alone, and what the services do.

    By its nature nobody else could: the digest of an answer, the ticks of a clock.
    """

    both = find_both_ends(ledger, own=True)
    client, services = (
        tuple(sorted(name for name in end if name not in both))
        for end in (ledger.client, ledger.services)
    )
    return client, services


def count_work(ledger: Ledger, *, own: bool = False) -> dict[str, int]:
    """Return the fields that every launch must have alike."""

    def is_timed(field: str) -> bool:
        return field.endswith(BYTES) or (field in TIMED and not own)

    client = {key: n for key, n in ledger.client.items() if not is_timed(key)}
    services = {
        f"{key}{SERVICES}": ledger.services[key]
        for key in find_both_ends(ledger, own=own)
        if not is_timed(key) and key in ledger.services
    }
    rows = {f"rows in {table}": n for table, n in ledger.rows.items()}
    return client | services | rows


def count_agreements(ledger: Ledger, *, own: bool = False) -> tuple[int, int]:
    """Return how many counts both ends have, and how many all launches have alike.

    One that is both ends' and alike in all launches is one of either.
    """

    both = ledger.client.keys() & ledger.services & set(find_both_ends(ledger, own=own))
    alike = {name.removesuffix(SERVICES) for name in count_work(ledger, own=own)}
    return len(both), len(alike)


def _compare_ends(launch: Launch, *, own: bool) -> Iterator[str]:
    ledger = launch.ledger
    for field in find_both_ends(ledger, own=own):
        asked = ledger.client.get(field, 0)
        absent = 0 if own else _absent(ledger, field)
        answered = ledger.services.get(field, absent)
        if asked != answered:
            yield (
                f"{field}: clients counted {ledger.client.get(field, 'nothing')}, "
                f"services {ledger.services.get(field, 'nothing')} "
                f"in {_describe(launch)}{_advise(ledger, field) if own else ''}"
            )


def _advise(ledger: Ledger, field: str) -> str:
    if field not in ledger.services:
        return (
            "; let the service's statistics() count it, or give what only the story "
            "can know a name without a dot"
        )

    return "" if field in ledger.client else "; count it in scene.counts"


def _find_uncounted(launch: Launch) -> Iterator[str]:
    ledger = launch.ledger
    if not ledger.client.keys() & ledger.services:
        counted = ", ".join(sorted(ledger.services)) or "nothing"
        yield (
            f"nothing was counted at both ends of {_describe(launch)}: the services "
            f"counted {counted}; count one of these in scene.counts"
        )


def _find_trouble(launch: Launch) -> Iterator[str]:
    for field in TROUBLE:
        count = launch.ledger.services.get(field, 0)
        if count:
            yield f"{field}: services counted {count} in {_describe(launch)}"


def _compare_launches(first: Launch, other: Launch, *, own: bool) -> Iterator[str]:
    expected, found = (count_work(each.ledger, own=own) for each in (first, other))
    for field in sorted(expected.keys() | found.keys()):
        if expected.get(field, 0) != found.get(field, 0):
            yield (
                f"{field}: {_describe(first)} counted {expected.get(field, 0)}, "
                f"{_describe(other)} {found.get(field, 0)}"
            )

    was, now = first.ledger.digests, other.ledger.digests
    for table in sorted(was.keys() & now.keys()):
        if was[table] != now[table]:
            yield (
                f"contents of {table}: {_describe(first)} wrote others than "
                f"{_describe(other)}"
            )

    told, tells = first.ledger.answers, other.ledger.answers
    for asked in sorted(told.keys() | tells.keys()):
        if told.get(asked) != tells.get(asked):
            yield (
                f"answers to {asked}: {_describe(first)} gave others than "
                f"{_describe(other)}"
            )


def _describe(launch: Launch) -> str:
    return f"launch {launch.number} ({launch.arrangement})"


def _absent(ledger: Ledger, field: str) -> int | None:
    """A counter that never moved may be left out, but not all of a service's."""

    service = field.partition(".")[0]
    reported = any(key.startswith(f"{service}.") for key in ledger.services)
    return 0 if reported else None

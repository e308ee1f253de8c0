"""Equal work, or no comparison."""

from __future__ import annotations

import dataclasses

import pytest

from memory_report.errors import NotComparableError
from memory_report.ledger import (
    BOTH_ENDS,
    TROUBLE,
    check_ledgers,
    check_report,
    count_agreements,
)
from memory_report.records import Launch, OwnServices, Report, SourceFile
from tests.memory_report.examples import (
    CLIENT,
    SERVICES,
    make_launch,
    make_process,
    make_report,
)


def launch(
    number: int = 1, arrangement: str = "separate", **ledger: dict[str, int]
) -> Launch:
    """Return a launch with this ledger."""

    return make_launch(number, arrangement, [make_process("web", 1)], **ledger)


def test_equal_ledgers_are_compared():
    """Launches that did the same work pass."""

    assert check_ledgers([launch(1), launch(2, "together")]) is None


@pytest.mark.parametrize("field", BOTH_ENDS)
def test_services_that_counted_otherwise_are_refused(field: str):
    """What a client sent and no service saw is no equal work."""

    services = {**SERVICES, field: SERVICES.get(field, 0) + 1}

    with pytest.raises(NotComparableError) as caught:
        check_ledgers([launch(services=services)])

    asked, answered = CLIENT.get(field, "nothing"), services[field]
    assert caught.value.differences == (
        f"{field}: clients counted {asked}, services {answered} in launch 1 (separate)",
    )


def test_a_service_that_counted_nothing_at_all_is_refused():
    """A missing report of a service is a difference, not a zero."""

    silent = {key: n for key, n in SERVICES.items() if not key.startswith("tasks.")}

    with pytest.raises(NotComparableError) as caught:
        check_ledgers([launch(services=silent)])

    assert (
        "tasks.requests: clients counted 8, services nothing in launch 1 (separate)"
        in caught.value.differences
    )


def test_launches_with_unequal_work_are_refused():
    """Every field that differs between two launches is named, with both numbers."""

    other = launch(
        2,
        "together",
        client={**CLIENT, "ws.ping_pushes": 9},
        rows={"session": 4, "user": 1, "item": 1},
    )

    with pytest.raises(NotComparableError) as caught:
        check_ledgers([launch(1), other])

    assert caught.value.differences == (
        "rows in item: launch 1 (separate) counted 0, launch 2 (together) 1",
        "ws.ping_pushes: launch 1 (separate) counted 10, launch 2 (together) 9",
    )


@pytest.mark.parametrize("field", TROUBLE)
def test_a_launch_that_had_trouble_is_refused(field: str):
    """Failed jobs and dropped clients are no work, however equal they are."""

    troubled = [launch(n, services={**SERVICES, field: 1}) for n in (1, 2)]

    with pytest.raises(NotComparableError) as caught:
        check_ledgers(troubled)

    assert f"{field}: services counted 1 in launch 2 (separate)" in (
        caught.value.differences
    )


def make_rounds(*names: str, own: bool = False, launches: list[Launch]) -> Report:
    """Return a report that says it has these arrangements."""

    report = make_report((100, 50))
    file = SourceFile(path="mine", sha256="0")
    plan = dataclasses.replace(
        report.plan,
        arrangements=names,
        own=OwnServices(plan=file, story=file) if own else None,
    )
    return dataclasses.replace(report, plan=plan, launches=tuple(launches))


def test_launches_come_in_rounds():
    """One launch too few of an arrangement leaves one that is compared with nothing."""

    names = ("separate", "forked", "together")
    rounds = [launch(number, name) for number, name in enumerate(names, 1)]

    assert check_report(make_rounds(*names, launches=rounds)) is None

    for odd in (rounds[:2], rounds[1:], [*rounds, launch(4)], []):
        with pytest.raises(NotComparableError, match=r"launches: . separate, . forked"):
            check_report(make_rounds(*names, launches=odd))


def test_own_services_agree_on_every_name_that_is_both_ends_affair():
    """What by its nature only one end can count is no work of both."""

    def both(asked: int, answered: int, ticks: int) -> list[Launch]:
        client = {"site.requests": asked, "crc": 77}
        services = {"site.requests": answered, "clock.ticks": ticks}
        later = {**services, "clock.ticks": 1}
        return [
            launch(1, client=client, services=services),
            launch(2, "together", client=client, services=later),
        ]

    def check(launches: list[Launch]) -> None:
        check_report(make_rounds("separate", "together", own=True, launches=launches))

    check(both(5, 5, 900))
    with pytest.raises(NotComparableError, match=r"site\.requests: clients counted 5"):
        check(both(5, 4, 900))


@pytest.mark.parametrize(
    ("client", "services", "line"),
    [
        (
            {"echo.messages": 30},
            {},
            (
                "echo.messages: clients counted 30, services nothing in launch 1 "
                "(separate); let the service's statistics() count it, or give what "
                "only the story can know a name without a dot"
            ),
        ),
        (
            {},
            {"echo.connections": 2},
            (
                "echo.connections: clients counted nothing, services 2 in launch 1 "
                "(separate); count it in scene.counts"
            ),
        ),
    ],
)
def test_what_only_one_end_of_own_services_counted_is_refused(
    client: dict[str, int], services: dict[str, int], line: str
):
    """Both figures are told, and what to do; other names that agree do not help."""

    agreed = {"site.requests": 5, "site.responses_2xx": 5}
    one = launch(client=agreed | client, services=agreed | services)

    with pytest.raises(NotComparableError) as caught:
        check_ledgers([one], own=True)

    assert caught.value.differences == (line,)


def test_own_services_whose_story_counts_nothing_are_refused():
    """Without a name that both ends count, nobody knows what was done."""

    silent = [
        launch(number, name, client={"crc": 7}, services={"clock.ticks": 5})
        for number, name in enumerate(("separate", "together"), 1)
    ]

    with pytest.raises(NotComparableError) as caught:
        check_ledgers(silent, own=True)

    assert caught.value.differences[0] == (
        "nothing was counted at both ends of launch 1 (separate): the services "
        "counted clock.ticks; count one of these in scene.counts"
    )


def test_own_launches_with_other_work_are_refused():
    """What the clients counted must be alike in all launches, one-sided or not."""

    def one(number: int, crc: int) -> Launch:
        client = {"site.requests": 5, "crc": crc}
        return launch(number, client=client, services={"site.requests": 5})

    with pytest.raises(NotComparableError, match=r"crc: launch 1 .* counted 7"):
        check_ledgers([one(1, 7), one(2, 8)], own=True)


def test_pushes_that_come_with_time_may_differ_between_launches():
    """A slower launch sees one more memory sample; both its ends must agree on it."""

    more = {"ws.pushes": CLIENT["ws.pushes"] + 5, "ws.sent_bytes": 9_876}
    slower = launch(2, client=CLIENT | more, services=SERVICES | more)

    assert check_ledgers([launch(1), slower]) is None


def test_a_byte_that_did_not_arrive_on_a_socket_is_named():
    """Of one launch, both ends have the same bytes."""

    sent = CLIENT | {"ws.sent_bytes": 9_876}, SERVICES | {"ws.sent_bytes": 9_877}

    with pytest.raises(NotComparableError) as caught:
        check_ledgers([launch(client=sent[0], services=sent[1])])

    assert caught.value.differences == (
        "ws.sent_bytes: clients counted 9876, services 9877 in launch 1 (separate)",
    )


def test_bytes_may_differ_between_launches_and_not_between_the_ends():
    """A page tells the time and the memory: one launch's is a letter longer."""

    def one(number: int, asked: int, answered: int) -> Launch:
        client = {"site.requests": 5, "site.response_bytes": asked}
        services = {"site.requests": 5, "site.response_bytes": answered}
        return launch(number, client=client, services=services)

    assert check_ledgers([one(1, 700, 700), one(2, 701, 701)], own=True) is None
    with pytest.raises(
        NotComparableError, match=r"site\.response_bytes: clients count"
    ):
        check_ledgers([one(1, 700, 699)], own=True)


def test_rows_with_other_contents_are_refused():
    """As many rows are not the same rows; a report that has no digests is let pass."""

    def one(number: int, **digests: str) -> Launch:
        bare = launch(number)
        ledger = dataclasses.replace(bare.ledger, digests=digests)
        return dataclasses.replace(bare, ledger=ledger)

    assert check_ledgers([one(1, item="a", user="b"), one(2, item="a")]) is None
    with pytest.raises(NotComparableError) as caught:
        check_ledgers([one(1, item="a", user="b"), one(2, item="c", user="b")])

    assert caught.value.differences == (
        "contents of item: launch 1 (separate) wrote others than launch 2 (separate)",
    )


def test_answers_that_say_something_else_are_refused():
    """Also where one launch was never told: a kind of answers too few is no less."""

    def one(number: int, **answers: str) -> Launch:
        bare = launch(number)
        ledger = dataclasses.replace(bare.ledger, answers=answers)
        return dataclasses.replace(bare, ledger=ledger)

    assert check_ledgers([one(1, home="a", ping="b"), one(2, home="a", ping="b")]) is (
        None
    )
    with pytest.raises(NotComparableError) as caught:
        check_ledgers([one(1, home="a", ping="b"), one(2, home="c")])

    assert caught.value.differences == (
        "answers to home: launch 1 (separate) gave others than launch 2 (separate)",
        "answers to ping: launch 1 (separate) gave others than launch 2 (separate)",
    )


@pytest.mark.parametrize(("own", "agreed"), [(False, (8, 11)), (True, (8, 12))])
def test_a_count_of_both_ends_is_one_count(own: bool, agreed: tuple[int, int]):
    """Eight have both ends; alike are seven or eight of them, two more, two tables."""

    assert count_agreements(launch().ledger, own=own) == agreed

"""What can be launched, of the bundled services and of anybody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory_report.arguments import SAVINGS
from memory_report.catalogue import ARRANGEMENTS, BUNDLED, TOGETHER, read_subject
from memory_report.errors import UsageError
from memory_report.records import REDIS
from runner.plan_file import BUNDLED_PLAN, load_plan

SERVICE = '[services.{name}]\nrun = "mine:serve"\n'


def write_plan(folder: Path, *tables: str) -> Path:
    """Write a plan of these tables."""

    path = folder / "mine.toml"
    path.write_text("\n".join(tables), encoding="utf-8")
    return path


def test_the_bundled_services_are_the_three_of_the_plan():
    """Monitor and resources are part of each process, and no process."""

    assert BUNDLED.services == ("web", "ws", "tasks")
    assert BUNDLED.mounted == {"web", "ws", "tasks"}
    assert BUNDLED.applications == {"web"}
    assert set(load_plan(BUNDLED_PLAN).services) > set(BUNDLED.services)


def test_every_arrangement_runs_every_service():
    """None of them is smaller because something is left out."""

    ran = {
        name: {service for told in one.processes.values() for service in told}
        for name, one in ARRANGEMENTS.items()
    }

    # No service named are all of them.
    assert all(each in (set(), set(BUNDLED.services)) for each in ran.values())
    assert {name for name, each in ran.items() if not each} == {*SAVINGS, "together"}


def test_together_without_a_saving_lacks_that_one_only():
    """Otherwise what is measured would be two savings under one's name."""

    def differences(name: str) -> set[str]:
        one = ARRANGEMENTS[name]
        fields = ("processes", "redis", "starter", "memory")
        return {
            each for each in fields if getattr(one, each) != getattr(TOGETHER, each)
        }

    assert {name: differences(name) for name in SAVINGS} == {
        "together-arenas": {"memory"},
        "together-untrimmed": {"memory"},
        "together-eager": {"starter", "memory"},
        "together-redis": {"redis"},
    }


def test_what_others_are_after_is_part_of_them(tmp_path: Path):
    """A service that serves its neighbours only cannot live in another process."""

    plan = write_plan(
        tmp_path,
        '[services.store]\nrun = "mine:store"\n',
        '[services.monitor]\nrun = "runner.monitor:serve"\n',
        '[services.site]\nasgi = "mine:app"\nmount = "/"\nafter = ["store"]\n',
        '[services.clock]\nrun = "mine:clock"\nafter = ["site"]\n',
    )

    subject = read_subject(plan)

    assert subject.services == ("site", "clock")
    assert subject.mounted == subject.applications == {"site"}
    assert subject.own
    assert "together-redis" not in subject.arrangements
    assert not any(one.redis for one in subject.arrangements.values())


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ((SERVICE.format(name="one"),), "has 1 services with work of their own"),
        (('[services.one]\nrum = "mine:serve"\n',), "unknown key 'rum'"),
        # Its memory would be taken for a bus's, and left out.
        ((SERVICE.format(name=REDIS),), "has a service 'redis-server'"),
    ],
)
def test_a_plan_that_cannot_be_taken_apart_is_refused(
    tmp_path: Path, tables: tuple[str, ...], reason: str
):
    """Its reason says which file, and what is wrong with it."""

    plan = write_plan(tmp_path, *tables)

    with pytest.raises(UsageError, match=reason) as caught:
        read_subject(plan)

    assert str(plan) in str(caught.value)

"""The addresses: each that a router declares is found, and nothing is loaded for it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.trpc.procedure import Rest
from dashboard.trpc.routers import ROUTERS, load_router
from services.web.rest import addresses
from services.web.rest.addresses import find_address


def _declared() -> Iterator[tuple[str, Rest]]:
    for router in ROUTERS:
        for name, procedure in load_router(router).procedures.items():
            if procedure.rest is not None:
                yield f"{router}.{name}", procedure.rest


ROOT = Path(__file__).parents[4]
DECLARED = dict(_declared())


@pytest.mark.parametrize("path", DECLARED)
def test_every_declared_address_leads_to_its_procedure(path: str):
    """Its first name is in the table, and no other address stands before it."""

    rest = DECLARED[path]
    found = find_address(rest.method, re.sub(r"{\w+}", "x", rest.path).strip("/"))

    assert found is not None
    assert found[0].path == path
    assert set(found[1]) == set(re.findall(r"{(\w+)}", rest.path))


def test_every_router_of_the_table_has_addresses():
    """A name that leads nowhere would load a router in vain."""

    used = {path.rpartition(".")[0] for path in DECLARED}

    assert used == set(addresses.ROUTERS.values())


@pytest.mark.parametrize("path", DECLARED)
def test_no_address_of_the_house_is_hidden(path: str):
    """These are other parts' of the service."""

    first = DECLARED[path].path.strip("/").split("/")[0]

    assert first not in {"auth", "health", "memory", "openapi", "trpc", "user-medias"}


def test_what_stands_in_braces_is_a_member_of_the_input():
    """Or it would be lost."""

    from services.web.rest.inputs import list_members

    for path, rest in DECLARED.items():
        router, _, name = path.rpartition(".")
        names = set(re.findall(r"{(\w+)}", rest.path))
        if names:
            members = list_members(load_router(router).procedures[name].input)

            assert names <= set(members), path


def test_a_start_loads_no_router_and_an_address_only_its_own():
    """Imports are paid for when somebody asks, and for nothing else."""

    code = """
import sys
import services.web.app

def loaded():
    names = ("dashboard.trpc.routers.", "services.web.rest.", "brotli", "zstandard")
    return sorted(name for name in sys.modules if name.startswith(names))

assert loaded() == [], loaded()
from services.web.rest.addresses import find_address
find_address("GET", "info")
find_address("GET", "nowhere/at/all")
print(*loaded())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )

    assert done.stderr == ""
    assert done.stdout.split() == [
        "dashboard.trpc.routers.info",
        "services.web.rest.addresses",
    ]

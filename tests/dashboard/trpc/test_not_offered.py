from __future__ import annotations

import pytest

from dashboard.errors import ProcedureError
from dashboard.resources import Resources
from dashboard.trpc import Context, call, find_procedure
from dashboard.trpc.not_offered import HOMARR, read_kinds
from dashboard.trpc.routers import ROUTERS, load_router


async def refuse(path: str, resources: Resources) -> ProcedureError:
    """Call a procedure that is not offered."""

    procedure = find_procedure(path)
    assert procedure is not None
    with pytest.raises(ProcedureError) as caught:
        await call(procedure, Context(resources=resources, session=None), {"x": 1})

    return caught.value


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("docker.getContainers", "containers are not managed here"),
        ("kubernetes.pods.getPods", "clusters are not managed here"),
        ("integration.all", "there are no integrations here"),
        ("widget.calendar.findAllEvents", "there are no integrations here"),
        (
            "widget.stockPrice.getPriceHistory",
            "prices of stocks are not looked up here",
        ),
        ("searchEngine.requestMedia", "there are no integrations here"),
        ("certificates.addCertificate", "certificates are not managed here"),
        (
            "import.validateToken",
            (
                "backups of Homarr before 1.0 are not imported here,"
                " only a board at a time by board.importOldmarrConfig"
            ),
        ),
    ],
)
async def test_what_is_not_offered_says_why(
    resources: Resources, path: str, reason: str
):
    """To whoever asks, and whatever the input is."""
    error = await refuse(path, resources)

    assert (error.code, error.http_status) == ("NOT_IMPLEMENTED", 501)
    assert error.message == f'"{path}" is not offered: {reason}'


async def test_what_homarr_has_and_nobody_built_is_told_apart_from_what_it_has_not(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
):
    """A procedure that no router of ours declares is never just missing."""
    monkeypatch.setitem(HOMARR, "probe", "Q later")

    error = await refuse("probe.later", resources)

    assert error.message == '"probe.later" is not offered: it has not been built here'
    assert find_procedure("probe.never") is None


def test_its_kind_is_homarrs():
    """A mutation by GET is told of the method first, as everywhere."""
    kinds = {
        path: procedure.kind
        for path in ("docker.startAll", "docker.getContainers", "widget.dnsHole.enable")
        if (procedure := find_procedure(path)) is not None
    }

    assert kinds == {
        "docker.startAll": "mutation",
        "docker.getContainers": "query",
        "widget.dnsHole.enable": "mutation",
    }
    assert read_kinds("docker")["subscribeContainers"] == "subscription"


@pytest.mark.parametrize("router", ROUTERS)
def test_what_is_offered_has_homarrs_kind(router: str):
    """Its clients use the method of the kind that Homarr gave it."""
    homarrs = read_kinds(router)
    offered = {
        name: procedure.kind
        for name, procedure in load_router(router).procedures.items()
        if name in homarrs
    }

    assert offered == {name: homarrs[name] for name in offered}


def test_a_router_names_nothing_twice():
    """A slip in the table would hide a procedure."""
    for router, words in HOMARR.items():
        names = [word for word in words.split() if len(word) > 1]

        assert len(names) == len(set(names)) == len(read_kinds(router))


def test_all_of_homarrs_procedures_are_known():
    """198 in 1.46.0: counted once, so that none is lost by an edit."""
    assert sum(len(read_kinds(router)) for router in HOMARR) == 198

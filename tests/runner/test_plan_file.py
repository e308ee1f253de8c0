"""Reading plans: what is accepted, and how the rest is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import PlanError
from runner.plan import MemoryPlan, Plan, ServicePlan
from runner.plan_file import BUNDLED_PLAN, load_plan, parse_plan

RUN = "a:serve"


def one_service(**keys: Any) -> dict[str, Any]:
    """Return a plan's data with one service `ws` and further keys in its table."""

    return {"services": {"ws": {"run": RUN, **keys}}}


def test_the_bundled_plan_is_a_plan():
    """The dashboard's services are there, each behind what it needs."""

    plan = load_plan(BUNDLED_PLAN)

    assert set(plan.services) == {"monitor", "resources", "web", "ws", "tasks"}
    assert plan.order.index("resources") < plan.order.index("web")
    assert (plan.host, plan.port) == ("127.0.0.1", 3000)


def test_one_service_brings_what_it_is_after():
    """Selecting a service selects what it needs, and nothing else."""

    plan = load_plan(BUNDLED_PLAN).select(["tasks"])

    assert set(plan.services) == {"monitor", "resources", "tasks"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (one_service(bakend="trio"), "unknown key 'bakend' in [services.ws]; did you"),
        (one_service(bakend="trio"), "did you mean 'backend'?"),
        (
            {"servces": {}},
            "unknown key 'servces' in the plan; did you mean 'services'?",
        ),
        ({"services": {}}, "no service in it"),
        ({"services": {"ws": 3}}, "[services.ws] must be a table"),
        ({"services": {"ws": {}}}, "[services.ws] does nothing"),
        (
            one_service(backend="tri"),
            "services.ws.backend is 'tri'; did you mean 'trio'",
        ),
        (one_service(placement="proces"), "did you mean 'process'?"),
        (one_service(placement="process"), "this version does not have yet"),
        (one_service(start_timeout=0), "must be a number of seconds above 0"),
        (
            one_service(start_timeout=float("nan")),
            "must be a number of seconds above 0",
        ),
        (
            one_service(start_timeout=float("inf")),
            "must be a number of seconds above 0",
        ),
        (one_service(start_timeout=True), "must be a number of seconds above 0"),
        (one_service(start_timeout="10"), "services.ws.start_timeout is '10'"),
        (one_service(essential=1), "must be true or false"),
        (one_service(run="module"), "must be 'package.module:function'"),
        (one_service(run=":serve"), "must be 'package.module:function'"),
        (one_service(run="a:serve()"), "must be 'package.module:function'"),
        (one_service(run=3), "services.ws.run is 3; it must be a text"),
        (one_service(restart="alway"), "ws.restart is 'alway'; did you mean 'always'"),
        (one_service(options=3), "services.ws.options must be a table"),
        (one_service(after=["wb"]), "services.ws.after: no service 'wb'"),
        (one_service(after=["ws", 3]), "must be a list of service names"),
        (one_service(after="web"), "must be a list of service names"),
        (one_service(after=["ws"]), "services wait in a circle: ws → ws"),
        (one_service(mount="/x"), "has a mount and nothing there; give asgi"),
        (one_service(asgi=RUN), "serves 'a:serve' nowhere; give it a mount"),
        (
            one_service(options={"stopping": 1}),
            "an option 'stopping', which the runner",
        ),
        ({"services": {"lanes": {"run": RUN}}}, "cannot be named 'lanes'"),
        ({"services": {"": {"run": RUN}}}, "cannot be named ''"),
        ({"services": {"a=b c": {"run": RUN}}}, "cannot be named 'a=b c'"),
        (one_service(asgi=RUN, mount="x"), "it must begin with '/'"),
        (
            one_service(asgi=RUN, connections=RUN, mount="/"),
            "both asgi and connections",
        ),
        (one_service(asgi=RUN, mount="/", backend="trio"), "the front door's lane"),
        ({**one_service(), "listen": {"port": "80a"}}, "listen.port is '80a'"),
        (
            {**one_service(), "listen": {"port": True}},
            "listen.port is True; it must be a whole number",
        ),
        ({**one_service(), "listen": {"port": -1}}, "listen.port is -1; a port is"),
        ({**one_service(), "listen": {"host": 3}}, "listen.host is 3; it must be a"),
        ({**one_service(), "listen": 3}, "[listen] must be a table"),
        ({**one_service(), "services": [3]}, "[services] must be a table"),
        ({**one_service(), "drain_timeout": 0}, "drain_timeout is 0; it must be"),
        ({**one_service(), "memory": {"arena": 1}}, "did you mean 'arenas'?"),
        ({**one_service(), "memory": {"arenas": -1}}, "memory.arenas is -1; it must"),
        ({**one_service(), "memory": {"arenas": 1025}}, "memory.arenas is 1025; it"),
        ({**one_service(), "memory": {"trim": 1}}, "memory.trim is 1; it must be"),
        ({**one_service(), "memory": {"lazy": "a"}}, "must be a list of module names"),
        ({**one_service(), "listen": {"port": 70000}}, "a number from 0 to 65535"),
        ({**one_service(), "listen": {"prt": 1}}, "did you mean 'port'?"),
    ],
)
def test_a_wrong_plan_is_refused_by_key(data: dict[str, Any], words: str):
    """The error names the key and, where it can, the nearest valid one."""

    with pytest.raises(PlanError) as caught:
        parse_plan(data)

    assert words in str(caught.value)


def test_every_key_of_a_plan_is_read(tmp_path: Path):
    """What the file says is what the plan holds."""

    path = tmp_path / "plan.toml"
    path.write_text(
        """
        drain_timeout = 3
        memory = {arenas = 0, trim = false, lazy = ["tool"]}
        listen = { host = "::1", port = 0 }

        [services.base]
        run = "a.b:serve"
        backend = "trio"
        placement = "own-lane"
        essential = false
        restart = "never"
        start_timeout = 1.5
        drain_timeout = 2
        options = { deep = { key = [1] } }

        [services.web]
        asgi = "a:create"
        mount = "/"
        after = ["base"]

        [services.ws]
        connections = "a:take"
        mount = "/ws"
        """
    )

    assert load_plan(path) == Plan(
        host="::1",
        port=0,
        drain_timeout=3.0,
        memory=MemoryPlan(arenas=0, trim=False, lazy=("tool",)),
        services={
            "base": ServicePlan(
                name="base",
                run="a.b:serve",
                backend="trio",
                placement="own-lane",
                essential=False,
                start_timeout=1.5,
                drain_timeout=2.0,
                options={"deep": {"key": [1]}},
            ),
            "web": ServicePlan(name="web", asgi="a:create", mount="/", after=("base",)),
            "ws": ServicePlan(name="ws", connections="a:take", mount="/ws"),
        },
    )


def test_two_services_cannot_have_one_mount():
    """A path prefix belongs to one service."""

    service = {"asgi": RUN, "mount": "/a"}

    with pytest.raises(PlanError, match="'one' and 'two' share one mount"):
        parse_plan({"services": {"one": service, "two": {**service, "mount": "/a/"}}})


def test_what_others_hold_on_to_is_not_restarted():
    """A restart would leave its dependents with what was closed."""

    services = {
        "base": {"run": RUN, "restart": "always"},
        "top": {"run": RUN, "after": ["base"]},
    }

    with pytest.raises(PlanError, match="cannot be restarted alone"):
        parse_plan({"services": services})


def test_a_missing_plan_is_an_error_with_its_path(tmp_path: Path):
    """The path and the system's reason are told."""

    with pytest.raises(PlanError, match=r"nowhere\.toml: No such file"):
        load_plan(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"[services\n", r"is not TOML.*line 1"), (b"# caf\xe9\n", r"is not TOML.*utf-8")],
)
def test_a_plan_that_is_not_toml_is_told_where(
    content: bytes, words: str, tmp_path: Path
):
    """The line, or the byte that is no text, is in the error."""

    path = tmp_path / "plan.toml"
    path.write_bytes(content)

    with pytest.raises(PlanError, match=words):
        load_plan(path)


def test_a_wrong_plan_file_is_named_with_its_key(tmp_path: Path):
    """One line: the file, the key and what is wrong with it."""

    path = tmp_path / "plan.toml"
    path.write_text('[services.a]\nrun = "a:b"\nmount = 3\n')

    with pytest.raises(PlanError) as caught:
        load_plan(path)

    assert str(caught.value) == f"{path}: services.a.mount is 3; it must be a text"

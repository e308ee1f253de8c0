"""Reading a plan from a TOML file.

Settings that are not known, or not of their type, are refused with the key's
name and the nearest valid one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from graphlib import CycleError
from math import inf
from pathlib import Path
from typing import Any

from .errors import PlanError, suggest
from .plan import MemoryPlan, Plan, ServicePlan

BUNDLED_PLAN = Path(__file__).with_name("plan.toml")

#: Words that the plan's format has, for placements that are not built yet.
LATER_PLACEMENTS = ("thread", "process", "ephemeral")

MAX_ARENAS = 1024

#: What the runner itself offers to functions, and the names of its lanes.
RESERVED_NAMES = frozenset(
    ("task_status", "stopping", "lane", "lanes", "mount", "plan", "asyncio", "trio")
)


def load_plan(path: Path) -> Plan:
    """Read a plan file; refuse what it does not define.

    Raises:
        PlanError: naming the file, the key and the nearest valid one.
    """

    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise PlanError(f"cannot read the plan {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"the plan {path} is not TOML: {error}") from error

    try:
        return parse_plan(data)
    except PlanError as error:
        raise PlanError(f"{path}: {error}") from error


def parse_plan(data: Mapping[str, Any]) -> Plan:
    """Make a plan of a plan file's tables.

    Raises:
        PlanError: naming the key and the nearest valid one.
    """

    _refuse_unknown(data, ("listen", "drain_timeout", "memory", "services"), "the plan")
    listen = _table(data.get("listen", {}), "[listen]")
    _refuse_unknown(listen, ("host", "port"), "[listen]")
    tables = _table(data.get("services", {}), "[services]")
    services = {name: _parse_service(name, table) for name, table in tables.items()}

    if not services:
        raise PlanError("no service in it; it needs at least one [services.NAME]")

    defaults = Plan(services=services)
    plan = replace(
        defaults,
        host=_typed(listen.get("host", defaults.host), str, "listen.host"),
        port=_typed(listen.get("port", defaults.port), int, "listen.port"),
        drain_timeout=_seconds(
            data.get("drain_timeout", defaults.drain_timeout), "drain_timeout"
        ),
        memory=_parse_memory(_table(data.get("memory", {}), "[memory]")),
    )
    check_port(plan.port, "listen.port")
    _check_together(plan)
    return plan


def check_port(port: int, key: str) -> None:
    """Refuse what is no TCP port; 0 asks the system for a free one.

    Raises:
        PlanError: naming `key`, which is where the port was given.
    """

    if not 0 <= port <= 65535:
        raise PlanError(f"{key} is {port}; a port is a number from 0 to 65535")


def _parse_memory(table: Mapping[str, Any]) -> MemoryPlan:
    defaults = MemoryPlan()
    _refuse_unknown(table, ("arenas", "trim", "lazy"), "[memory]")
    arenas = _typed(table.get("arenas", defaults.arenas), int, "memory.arenas")
    if not 0 <= arenas <= MAX_ARENAS:
        raise PlanError(
            f"memory.arenas is {arenas}; it must be a number from 0, which leaves it "
            f"to glibc, to {MAX_ARENAS}"
        )

    return MemoryPlan(
        arenas=arenas,
        trim=_typed(table.get("trim", defaults.trim), bool, "memory.trim"),
        lazy=_names(table.get("lazy", []), "memory.lazy", "module names"),
    )


def _parse_service(name: str, table: Any) -> ServicePlan:
    where = f"[services.{name}]"
    if name in RESERVED_NAMES or not re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", name):
        raise PlanError(f"a service cannot be named {name!r}; choose another name")

    table = _table(table, where)
    _refuse_unknown(table, [one.name for one in fields(ServicePlan)[1:]], where)
    values: dict[str, Any] = {}

    for one in fields(ServicePlan)[1:]:
        if one.name in table:
            key = f"services.{name}.{one.name}"
            values[one.name] = _PARSERS[one.name](table[one.name], key)

    service = ServicePlan(name=name, **values)
    _check_service(service, where)
    return service


def _check_service(service: ServicePlan, where: str) -> None:
    if service.placement in LATER_PLACEMENTS:
        raise PlanError(
            f"{where} asks for placement {service.placement!r}, which this version "
            "does not have yet; use 'lane' or 'own-lane'"
        )

    taken = sorted(RESERVED_NAMES & service.options.keys())
    if taken:
        raise PlanError(f"{where} has an option {taken[0]!r}, which the runner sets")

    if not (service.run or service.asgi or service.connections):
        raise PlanError(f"{where} does nothing; give it run, asgi or connections")

    if service.asgi and service.connections:
        raise PlanError(f"{where} has both asgi and connections for one mount")

    served = service.asgi or service.connections
    if served and service.mount is None:
        raise PlanError(f"{where} serves {served!r} nowhere; give it a mount")

    if service.mount is not None and not served:
        raise PlanError(
            f"{where} has a mount and nothing there; give asgi or connections"
        )

    if service.asgi and service.lane != "asyncio":
        raise PlanError(
            f"{where} serves asgi, which lives in the front door's lane; "
            "leave out backend and placement"
        )

    if service.mount is not None and not service.mount.startswith("/"):
        raise PlanError(f"{where} has mount {service.mount!r}; it must begin with '/'")


def _check_together(plan: Plan) -> None:
    mounts: dict[str, str] = {}

    for service in plan.services.values():
        for name in service.after:
            if name not in plan.services:
                key = f"services.{service.name}.after"
                hint = suggest(name, plan.services)
                raise PlanError(f"{key}: no service {name!r}{hint}")

            if plan.services[name].restart != "never":
                raise PlanError(
                    f"services.{name}.restart: {service.name!r} holds on to what it "
                    "opened, so it cannot be restarted alone; leave restart out"
                )

        if service.mount is not None:
            other = mounts.setdefault(service.mount.rstrip("/"), service.name)
            if other != service.name:
                raise PlanError(f"{other!r} and {service.name!r} share one mount")

    try:
        _ = plan.order
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise PlanError(f"services wait in a circle: {circle}") from error


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    known = list(known)

    for key in table:
        if key not in known:
            raise PlanError(f"unknown key {key!r} in {where}{suggest(key, known)}")


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PlanError(f"{where} must be a table")

    return value


def _typed(value: Any, kind: type, key: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        words = {str: "a text", int: "a whole number", bool: "true or false"}
        raise PlanError(f"{key} is {value!r}; it must be {words[kind]}")

    return value


def _seconds(value: Any, key: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < inf:
        raise PlanError(f"{key} is {value!r}; it must be a number of seconds above 0")

    return float(value)


def _text(value: Any, key: str) -> str:
    text: str = _typed(value, str, key)
    return text


def _reference(value: Any, key: str) -> str:
    text = _text(value, key)
    module, _, function = text.partition(":")
    if not module or not function.isidentifier():
        raise PlanError(f"{key} is {text!r}; it must be 'package.module:function'")

    return text


def _names(value: Any, key: str, whose: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise PlanError(f"{key} must be a list of {whose}")

    return tuple(value)


def _one_of(*words: str) -> Callable[[Any, str], str]:
    def parse(value: Any, key: str) -> str:
        if value not in words:
            hint = suggest(str(value), words)
            raise PlanError(f"{key} is {value!r}{hint}")

        return str(value)

    return parse


_PARSERS: Mapping[str, Callable[[Any, str], Any]] = {
    "run": _reference,
    "asgi": _reference,
    "connections": _reference,
    "mount": _text,
    "backend": _one_of("asyncio", "trio"),
    "placement": _one_of("lane", "own-lane", *LATER_PLACEMENTS),
    "after": lambda value, key: _names(value, key, "service names"),
    "essential": lambda value, key: _typed(value, bool, key),
    "restart": _one_of("never", "on-failure", "always"),
    "start_timeout": _seconds,
    "drain_timeout": _seconds,
    "options": _table,
}

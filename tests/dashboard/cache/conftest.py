from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dashboard.bus.fault_proxy import FaultProxy, open_proxy
from tests.dashboard.bus.redis_server import Server, open_server


@pytest.fixture(name="server")
def _server() -> Iterator[Server]:
    with open_server() as server:
        yield server


@pytest.fixture(name="proxy")
def _proxy(server: Server) -> Iterator[FaultProxy]:
    with open_proxy(server.socket) as proxy:
        yield proxy

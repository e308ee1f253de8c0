"""Which service a request target belongs to."""

from __future__ import annotations

from collections import Counter

import pytest

from runner.mounts import Mount, Mounts


@pytest.mark.parametrize(
    ("target", "service"),
    [
        (b"/", "web"),
        (b"/trpc", "tasks"),
        (b"/trpc/", "tasks"),
        (b"/trpc/getAll?input=1", "tasks"),
        (b"/trpc?x=/websockets", "tasks"),
        (b"/trpcx", "web"),
        (b"/%74rpc/x", "tasks"),
        (b"/trpc%2fx", "tasks"),
        (b"/a/trpc", "web"),
        (b"//trpc", "web"),
        (b"/TRPC", "web"),
        (b"*", "web"),
        (b"http://host/trpc", "tasks"),
        (b"http://host", "web"),
    ],
)
def test_prefixes_match_by_decoded_segments(target: bytes, service: str):
    """A neighbour with a longer name is not under the prefix."""

    mounts = Mounts()
    for prefix, name in (("/", "web"), ("/trpc", "tasks"), ("/websockets", "ws")):
        mounts.add(Mount(prefix, name, counts=Counter()))

    found = mounts.find(target)

    assert found is not None
    assert found.service == service


def test_without_a_root_mount_other_paths_belong_to_nobody():
    """A port with `/trpc` alone has nothing at `/`."""

    mounts = Mounts()
    mounts.add(Mount("/trpc", "tasks", counts=Counter()))

    assert mounts.find(b"/") is None

"""Somebody's own story is loaded, or refused with its reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import trio

from memory_report.errors import StoryError, UsageError
from memory_report.own_story import Addresses, Scene, describe_own, load_play
from memory_report.timings import Timings


def write_story(folder: Path, text: str) -> Path:
    """Write a story."""

    path = folder / "story.py"
    path.write_text(text, encoding="utf-8")
    return path


def make_scene(*services: str) -> Scene:
    """Return a scene whose services nobody answers for."""

    nobody: Any = None
    return Scene(
        urls=Addresses(dict.fromkeys(services, "http://127.0.0.1:1")),
        counts=Counter(),
        pool=nobody,
        timings=Timings(),
    )


async def test_the_story_pauses_at_its_yield(tmp_path: Path):
    """Up to there it is played, and its sockets are closed after the block."""

    play = load_play(
        write_story(
            tmp_path,
            "async def play(scene):\n"
            "    scene.counts['site.asked'] += 1\n"
            "    yield\n"
            "    scene.counts['site.closed'] += 1\n",
        )
    )
    scene = make_scene()

    async with play(scene):
        before = dict(scene.counts)

    assert before == {"site.asked": 1}
    assert scene.counts == {"site.asked": 1, "site.closed": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("async def play(scene):\n    pass\n", "has no `async def play"),
        ("def play(scene):\n    yield\n", "has no `async def play"),
        ("", "has no `async def play"),
        ("import not_installed\n", "cannot be loaded: ModuleNotFoundError"),
        ("1 / 0\n", "cannot be loaded: ZeroDivisionError"),
    ],
)
def test_a_file_without_a_story_is_refused(tmp_path: Path, text: str, reason: str):
    """Before anything is launched, with what is missing."""

    with pytest.raises(UsageError, match=reason):
        load_play(write_story(tmp_path, text))


@pytest.mark.parametrize(
    ("services", "known"),
    [
        ((), "no service has an address"),
        (("site",), "only site has an address"),
        (("site", "echo", "chat"), "only chat, echo and site have an address"),
    ],
)
def test_a_service_without_an_address_cannot_be_asked(
    services: tuple[str, ...], known: str
):
    """A misspelt name is told at once, with the names that there are."""

    scene = make_scene(*services)

    with pytest.raises(StoryError, match=f"visit sight.*: {known}$"):
        scene.visit("sight")

    with pytest.raises(KeyError, match=f"sight: {known}"):
        scene.urls["sight"]

    assert scene.urls.get("sight") is None


def test_the_files_are_kept_with_their_digests(tmp_path: Path):
    """Two reports of different stories can be told from each other."""

    story = write_story(tmp_path, "first")
    first = describe_own(story, story)
    story.write_text("second", encoding="utf-8")
    second = describe_own(story, story)

    assert first.story.path == second.story.path == str(story)
    assert first.story.sha256 != second.story.sha256


def test_a_missing_file_is_named(tmp_path: Path):
    """A wrong path is no traceback."""

    with pytest.raises(UsageError, match=r"cannot read .*none\.py: No such file"):
        describe_own(tmp_path / "none.py", tmp_path / "none.py")


#: A story that starts what fails.
_NURSERY = """\
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fail)
        yield
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    yield\n    yield\n", ":3': a second `yield`"),
        ("    return\n    yield\n", "': `play` ended before its `yield`"),
        ("    {}['x']\n    yield\n", ":2': KeyError: 'x'"),
        ("    yield\n    assert 0\n", ":3': AssertionError"),
        (
            _NURSERY,
            ":9': ValueError: two lines",
        ),
    ],
)
async def test_what_a_story_does_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, said: str
):
    """Whoever wrote it looks there: before its `yield`, after it, in what it starts."""

    helper = "import trio\n\n\nasync def fail():\n    raise ValueError('two\\nlines')\n"
    path = write_story(tmp_path, f"async def play(scene):\n{text}{helper}")

    with pytest.raises(StoryError) as caught:
        async with load_play(path)(make_scene()):
            await trio.sleep(0.01)

    assert str(caught.value).startswith(f"the story failed at '{path}")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("hidden", [True, False])
async def test_what_fails_while_a_story_waits_is_not_its_fault(
    tmp_path: Path, hidden: bool
):
    """A measurement's own error comes out as it is, whatever the story does with it."""

    text = "    try:\n        yield\n    except ValueError:\n        "
    path = write_story(
        tmp_path, f"async def play(scene):\n{text}{'pass' if hidden else 'raise'}\n"
    )

    with pytest.raises(ValueError, match="ours"):
        async with load_play(path)(make_scene()):
            raise ValueError("ours")

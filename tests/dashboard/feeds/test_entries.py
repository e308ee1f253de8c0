"""What becomes of an entry's fields."""

from __future__ import annotations

import time

import pytest

from dashboard.feeds.entries import build_entry, make_url, read_date, read_text

BASE = "https://news.example/feed"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("<p>one</p>\n<p>two</p>", "one two"),
        ("a&nbsp;b &lt;3", "a b <3"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<script>alert(1)</script>text", "text"),
        ("<style>p{}</style>text<br/>", "text"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "alert(1)"),
        ("&lt;img src=x onerror=alert(1) ", "img src=x onerror=alert(1)"),
        ("<<b>script>alert(1)", "< script>alert(1)"),
        ("<img src=x onerror=alert(1)//", "img src=x onerror=alert(1)//"),
        ("<!-- a comment -->text", "text"),
    ],
)
def test_markup_becomes_text(markup: str, text: str):
    """A client that takes it for HTML finds no tag in it either."""
    assert read_text(markup) == text


def test_no_markup_takes_long():
    """The time grows with the length, whatever is in it."""
    for piece in ("<", "<a ", "<script>", "</script ", "&lt;", "http://", "&"):
        fields = {"summary": (piece * 20_000)[:20_000]}
        begin = time.process_time()
        build_entry(fields, [], base=BASE)
        read_text(piece * 100_000)

        # It takes milliseconds; looked through for each character, it takes minutes.
        assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Thu, 01 Jan 2026 12:00:00 GMT", "2026-01-01T12:00:00.000Z"),
        ("Thu, 1 Jan 2026 12:00:00 -0500", "2026-01-01T17:00:00.000Z"),
        ("1 Jan 26 12:00 EST", "2026-01-01T17:00:00.000Z"),
        ("2026-01-01T12:00:00+02:00", "2026-01-01T10:00:00.000Z"),
        ("2026-01-01T12:00:00.1234Z", "2026-01-01T12:00:00.123Z"),
        ("2026-01-01", "2026-01-01T00:00:00.000Z"),
        ("yesterday", ""),
        ("", ""),
        ("0001-01-01T00:00:00+23:00", ""),
        ("Thu, 99 Jan 2026 99:00:00 GMT", ""),
        ("9" * 5000, ""),
    ],
)
def test_dates_are_told_as_javascript_does(text: str, date: str):
    """Those of RFC 822 and ISO 8601; no other is guessed."""
    assert read_date(text) == date


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("/a?b=1", "https://news.example/a?b=1"),
        ("//other.example/a", "https://other.example/a"),
        (" http://other.example/a ", "http://other.example/a"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("http://", ""),
        ("http://[::1", ""),
        ("https://x.example/" + "a" * 5000, ""),
        ("", ""),
    ],
)
def test_links_are_http(text: str, url: str):
    """Whoever clicks on one runs no script."""
    assert make_url(text, BASE) == url


def test_a_long_description_is_cut_between_words():
    """To Homarr's 250 characters."""
    entry = build_entry({"summary": "word " * 100}, [], base=BASE)
    single = build_entry({"summary": "x" * 1000}, [], base=BASE)

    assert len(entry["description"]) <= 250
    assert entry["description"].endswith("word...")
    assert single["description"] == "x" * 247 + "..."


def test_an_entry_without_an_id_gets_one_that_stays():
    """Clients tell entries apart by it."""
    fields = {"title": "One", "link": "/1", "date": "2026-01-01"}
    first, second = (build_entry(fields, [], base=BASE) for _ in range(2))
    other = build_entry({**fields, "title": "Two"}, [], base=BASE)

    assert first["id"] == second["id"] != other["id"]


@pytest.mark.parametrize(
    ("media", "image"),
    [
        ({"url": "/a.mp3", "type": "audio/mpeg"}, None),
        ({"url": "/a.mp3"}, None),
        ({"url": "/a", "type": "image/png"}, "https://news.example/a"),
        ({"url": "/a", "medium": "image"}, "https://news.example/a"),
        ({"url": "/a.JPG?x"}, "https://news.example/a.JPG?x"),
        ({"url": "javascript:alert(1)", "type": "image/png"}, None),
        ({}, None),
    ],
)
def test_an_enclosure_is_an_image(media: dict[str, str], image: str | None):
    """A podcast's sound is none."""
    assert build_entry({}, [media], base=BASE).get("enclosure") == image

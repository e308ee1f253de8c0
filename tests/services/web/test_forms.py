"""What forms accept, and the sentences they answer with."""

from __future__ import annotations

import pytest

from services.web.forms import (
    check_link,
    check_note,
    check_timezone,
    complete_link,
    note_from_text,
    text_from_note,
)
from services.web.sanitise import MAX_LENGTH


def test_only_required_addresses_have_to_be_given():
    """An empty address is a fault only where one is needed."""

    assert check_link("") is None
    assert check_link("", required=True) is not None
    assert check_link("javascript:alert(1)") is not None


@pytest.mark.parametrize(
    "name", ["Mars/Base", "../../etc/passwd", "/etc/passwd", "x\0y", "Europe"]
)
def test_time_zones_that_do_not_exist_are_refused(name: str):
    """Only zones that the machine knows are taken; paths are not read."""

    assert check_timezone(name) is not None


def test_known_time_zones_pass():
    """A zone's name is accepted, and none means the reader's own."""

    assert check_timezone("Europe/London") is None
    assert check_timezone("") is None


def test_overlong_notes_are_told_both_lengths():
    """The sentence says what the limit is and how long the note was."""

    sentence = check_note("x" * (MAX_LENGTH + 1))

    assert sentence is not None
    assert "65,536" in sentence
    assert "65,537" in sentence


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one", "<p>one</p>"),
        ("one\r\ntwo\r\n\r\nthree", "<p>one<br>two</p><p>three</p>"),
        ("\n\n  \n\n", ""),
        ("1 < 2 & 3 > 2", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>"),
        ("<b>bold</b><script>x</script>", "<b>bold</b>"),
    ],
)
def test_plain_text_becomes_paragraphs(text: str, html: str):
    """Empty lines part paragraphs; what holds an element is taken as HTML."""

    assert html == note_from_text(text)


@pytest.mark.parametrize(
    "text",
    ["one\ntwo\n\nthree", "1 < 2 & 3", "", "<h2>Title</h2><p>text</p>", "&lt;b&gt;"],
)
def test_a_note_comes_back_as_it_was_typed(text: str):
    """Opening the editor and saving again changes nothing."""

    html = note_from_text(text)

    assert html == note_from_text(text_from_note(html))
    assert text == text_from_note(html)


def test_text_that_looks_like_html_is_not_turned_into_it():
    """An escaped element in an existing note stays text when it is saved again."""

    html = "<p>use &lt;b&gt; for bold</p>"

    assert html == note_from_text(text_from_note(html))


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("192.168.1.1:8080", "http://192.168.1.1:8080"),
        ("nas.local/x", "http://nas.local/x"),
        ("nas", "http://nas"),
        ("[::1]:3000/?a=b", "http://[::1]:3000/?a=b"),
        ("k\u00fcche.local", "http://k\u00fcche.local"),
        ("http://nas.local", "http://nas.local"),
        ("https://nas.local:1/x", "https://nas.local:1/x"),
        ("ftp://nas.local", "ftp://nas.local"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("mailto:ada@example.org", "mailto:ada@example.org"),
        ("/x", "/x"),
        ("//evil.example", "//evil.example"),
        ("two words", "two words"),
        ("", ""),
    ],
)
def test_an_address_that_lacks_its_scheme_gets_one(typed: str, whole: str):
    """Only what can be nothing else: a host, perhaps a port and a path."""

    assert whole == complete_link(typed)

"""Notes: what stays, what goes, and what must never reach a page."""

from __future__ import annotations

import pytest

from services.web.sanitise import MAX_LENGTH, clean_note


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hello <strong>you</strong></p>", "<p>Hello <strong>you</strong></p>"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<h2>One</h2><ul><li>two</ul>", "<h2>One</h2><ul><li>two</li></ul>"),
        ("<p>open <em>ends", "<p>open <em>ends</em></p>"),
        ("</p></div>text", "text"),
        ("<p/>text", "<p>text</p>"),
        ("one<br>two<hr>", "one<br>two<hr>"),
        ('<td colspan="2">x</td>', '<td colspan="2">x</td>'),
        ('<td colspan="x" rowspan="9999">x</td>', "<td>x</td>"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<unknown>kept text</unknown>", "kept text"),
        ("before<!-- hidden -->after", "beforeafter"),
    ],
)
def test_harmless_notes_keep_their_shape(html: str, expected: str):
    """Allowed elements stay, are closed, and text is escaped."""

    cleaned = clean_note(html)

    assert expected == cleaned


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</script>",
        "<style>*{display:none}</style>",
        '<img src=x onerror="alert(1)">',
        '<img src="javascript:alert(1)">',
        '<p onclick="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" javascript:alert(1)">x</a>',
        '<a href="java\nscript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<a href="vbscript:alert(1)">x</a>',
        '<iframe src="https://evil.example"></iframe>',
        "<svg><script>alert(1)</script></svg>",
        "<svg/onload=alert(1)>",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<textarea></textarea><script>alert(1)</script>",
        "<object data='x'></object><embed src='x'>",
        "<form action='https://evil.example'><input name=password></form>",
        "<p style='background:url(javascript:alert(1))'>x</p>",
        "<base href='https://evil.example'>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<title><img src=x onerror=alert(1)></title>",
        '<a href="//evil.example">x</a>',
        '<a href="/\\evil.example">x</a>',
        "<plaintext><script>alert(1)</script>",
        "<!--><script>alert(1)</script>-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        '<p class="x" id="main">x</p>',
    ],
)
def test_nothing_dangerous_survives(html: str):
    """No script, handler, foreign address, form or style comes through."""

    cleaned = clean_note(html).lower()

    for word in (
        *("<script", "<style", "<svg", "<iframe", "<form", "<base", "<meta"),
        *("onerror", "onclick", "onload", "javascript:", "vbscript:", "data:text"),
        *("style=", "class=", "id=", "evil.example", "<input name", "<title"),
    ):
        assert word not in cleaned


def test_links_open_apart_and_tell_nothing():
    """A link in a note opens a new tab that cannot reach back."""

    cleaned = clean_note('<a href="https://example.org/a?b=1&c=2">x</a>')

    expected = (
        '<a href="https://example.org/a?b=1&amp;c=2" target="_blank" '
        'rel="noopener noreferrer nofollow">x</a>'
    )
    assert expected == cleaned


def test_task_lists_of_homarr_are_shown():
    """A task keeps its checkbox, which cannot be ticked here."""

    cleaned = clean_note(
        '<ul data-type="taskList"><li data-checked="true" data-type="taskItem">'
        '<label><input type="checkbox" checked="checked"><span></span></label>'
        "<div><p>Done</p></div></li></ul>"
    )

    expected = (
        '<ul data-type="taskList"><li data-type="taskItem">'
        '<label><input type="checkbox" disabled checked><span></span></label>'
        "<div><p>Done</p></div></li></ul>"
    )
    assert expected == cleaned


def test_cleaning_twice_changes_nothing():
    """What is clean stays as it is, so storing and showing may both clean."""

    html = '<p>a <a href="/x">b</a> &amp; <em>c<br>d</em></p><td colspan="2">e</td>'

    once = clean_note(html)

    assert once == clean_note(once)


def test_overlong_notes_become_plain_text():
    """Beyond the limit nothing is parsed, so nobody waits for a hostile note."""

    cleaned = clean_note("<b>" + "x" * MAX_LENGTH)

    assert cleaned.startswith("<pre>&lt;b&gt;")


def test_deep_nesting_is_cut_off():
    """A thousand nested elements do not reach the browser."""

    cleaned = clean_note("<div>" * 1000 + "x")

    assert 64 == cleaned.count("<div>") == cleaned.count("</div>")

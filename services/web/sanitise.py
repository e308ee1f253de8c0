"""Make stored notes safe to show: an allow-list of elements and attributes.

The text is taken apart and written anew, so nothing reaches the page that is
not named here. Notes come from forms and from existing Homarr files, whose
editor writes task lists as list items with a label and a checkbox.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from html.parser import HTMLParser

from services.web.security import image_link, local_path, web_link

#: Longer notes are shown as plain text: the parser's worst case is quadratic.
MAX_LENGTH = 65_536
_MAX_DEPTH = 64

_VOID = frozenset({"br", "hr", "img", "input"})
_ALLOWED = _VOID | frozenset(
    {
        *("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code"),
        *("strong", "b", "em", "i", "u", "s", "del", "mark", "sub", "sup", "small"),
        *("ul", "ol", "li", "label", "div", "span", "a"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
)
#: Elements that go together with everything inside them.
_DROPPED = frozenset(
    {
        *("script", "style", "template", "noscript", "iframe", "object", "embed"),
        *("svg", "math", "textarea", "select", "title", "head", "noembed"),
        *("noframes", "xmp", "plaintext", "video", "audio", "canvas"),
    }
)
_DROPPED_VOID = frozenset({"embed"})
_SPANS = frozenset({"colspan", "rowspan"})


@lru_cache(maxsize=64)
def _clean_short(html: str) -> str:
    return _clean(html)


def clean_note(html: str) -> str:
    """Return the safe part of a note's HTML; an overlong note as plain text."""

    if len(html) > MAX_LENGTH:
        return f"<pre>{escape(html)}</pre>"

    # Only short notes are remembered, so that the memory of this stays small.
    return _clean_short(html) if len(html) <= 4096 else _clean(html)


def _clean(html: str) -> str:
    cleaner = _Cleaner()
    cleaner.feed(html)
    return cleaner.finish()


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._dropping: list[str] = []

    def finish(self) -> str:
        self.close()
        while self._open:
            self._out.append(f"</{self._open.pop()}>")

        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED and tag not in _DROPPED_VOID:
            self._dropping.append(tag)

        if self._dropping or tag not in _ALLOWED:
            return

        kept = _keep_attributes(tag, {name: value or "" for name, value in attrs})
        if kept is None:
            return

        if tag not in _VOID:
            if len(self._open) >= _MAX_DEPTH:
                return

            self._open.append(tag)

        self._out.append(f"<{tag}{kept}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # HTML knows no self-closing: `<p/>` opens a paragraph, as in browsers.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                while self._dropping.pop() != tag:
                    pass

            return

        if tag not in self._open:
            return

        while True:
            closed = self._open.pop()
            self._out.append(f"</{closed}>")
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._out.append(escape(data, quote=False))


def _keep_attributes(tag: str, attributes: dict[str, str]) -> str | None:
    """Return the attributes to write; None drops the element."""

    if tag == "a":
        return _link(attributes.get("href", ""))

    if tag == "img":
        source = image_link(attributes.get("src"))
        if source is None:
            return None

        alt = escape(attributes.get("alt", ""))
        return f' src="{escape(source)}" alt="{alt}" loading="lazy"'

    if tag == "input":
        if attributes.get("type", "").lower() != "checkbox":
            return None

        checked = " checked" if "checked" in attributes else ""
        return f' type="checkbox" disabled{checked}'

    if tag in {"td", "th"}:
        return "".join(
            f' {name}="{value}"'
            for name, value in attributes.items()
            if name in _SPANS and value.isascii() and value.isdigit() and len(value) < 3
        )

    if attributes.get("data-type") in {"taskList", "taskItem"}:
        return f' data-type="{attributes["data-type"]}"'

    return ""


def _link(href: str) -> str:
    target = local_path(href, default="") or web_link(href)
    if not target and href.startswith("mailto:") and href.isprintable():
        target = href

    if not target:
        return ""

    return (
        f' href="{escape(target)}" target="_blank" rel="noopener noreferrer nofollow"'
    )

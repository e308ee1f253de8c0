"""Read a feed's entries from its bytes: RSS, RDF and Atom, or JSON Feed.

The XML is never a tree: expat calls back for each element, and only what an entry is
made of is kept, so that a document's shape cannot cost more than its bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.parsers import expat  # what is declared in a document is refused below

import anyio.lowlevel
import msgspec

from dashboard.feeds.entries import build_entry

#: Of one feed; Homarr shows 100 unless a widget asks for more.
MOST_ENTRIES = 500
#: Characters of one field; descriptions are cut to far less.
LONGEST_FIELD = 20_000
DEEPEST = 100
MOST_MEDIA = 10
#: Bytes between two moments at which others may go on.
PIECE = 16 * 1024

#: The field that an element of an entry is, by its name without the prefix, and which
#: comes first where several of them are there.
_FIELDS = {
    "guid": ("id", 0),
    "id": ("id", 0),
    "title": ("title", 0),
    "link": ("link", 0),
    "updated": ("date", 0),
    "modified": ("date", 1),
    "pubdate": ("date", 2),
    "published": ("date", 2),
    "issued": ("date", 3),
    "date": ("date", 4),
    "description": ("summary", 0),
    "summary": ("summary", 0),
    "encoded": ("content", 0),
    "content": ("content", 0),
}
#: Prefixes whose elements are not the entry's own, whatever their names.
_FOREIGN = {"media", "itunes", "googleplay", "podcast", "thr", "slash", "wfw"}


class FeedError(Exception):
    """A document is no feed that can be read; says why."""


async def read_feed(body: bytes, *, url: str) -> list[dict[str, Any]]:
    """The entries in the document's order, MOST_ENTRIES at most; see `build_entry`.

    Raises FeedError. Declared entities are refused, and nothing else is ever loaded.
    """
    body = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if body.startswith(b"{"):
        return await _read_json(body, url=url)

    reader = _Reader(url)
    for begin in range(0, len(body), PIECE):
        await anyio.lowlevel.checkpoint()
        reader.feed(body[begin : begin + PIECE])
        if len(reader.entries) >= MOST_ENTRIES:
            return reader.entries

    reader.feed(b"", last=True)
    return reader.entries


class _Reader:
    """Collects entries from expat's calls."""

    def __init__(self, url: str) -> None:
        self.entries: list[dict[str, Any]] = []
        self._url = url
        self._depth = 0
        #: Depth of the entry that we are in, and of its element; 0 for none.
        self._entry = 0
        self._element = 0
        self._fields: dict[str, tuple[int, str]] = {}
        self._media: list[Mapping[str, str]] = []
        self._text: list[str] = []
        self._length = 0
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text
        parser.EntityDeclHandler = self._refuse_entity

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Read on; with `last` the document has to end here. Raises FeedError."""
        try:
            self._parser.Parse(piece, last)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise FeedError(f"it is no XML: {error}") from error

    def _refuse_entity(self, name: str, *_: Any) -> None:
        raise FeedError(f"it declares the entity {name[:50]!r}, which is not allowed")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FeedError(f"its elements are nested more than {DEEPEST} deep")

        prefix, _, local = name.lower().rpartition(":")
        if self._depth == 1:
            if local not in {"rss", "feed", "rdf"}:
                raise FeedError(f"it is no feed: its root is {name[:50]!r}")

        elif not self._entry:
            if local in {"item", "entry"} and prefix not in _FOREIGN:
                self._entry = self._depth
                self._fields, self._media = {}, []

        elif not self._element:
            self._start_in_entry(prefix, local, attributes)

    def _start_in_entry(
        self, prefix: str, local: str, attributes: dict[str, str]
    ) -> None:
        """An element of an entry, or of a group in it."""
        if local in {"enclosure", "thumbnail"} or (prefix, local) == (
            "media",
            "content",
        ):
            self._add_media(local, attributes)
        elif self._depth == self._entry + 1:
            self._add_link(local, attributes)
            if local in _FIELDS and prefix not in _FOREIGN:
                self._element = self._depth
                self._text, self._length = [], 0

    def _add_media(self, local: str, attributes: dict[str, str]) -> None:
        if len(self._media) < MOST_MEDIA:
            if local == "thumbnail":
                attributes = {**attributes, "medium": "image"}

            self._media.append(attributes)

    def _add_link(self, local: str, attributes: dict[str, str]) -> None:
        """Atom's links are attributes; the one without a relation is the page."""
        if local != "link" or "href" not in attributes:
            return

        relation = attributes.get("rel", "alternate")
        if relation == "enclosure":
            self._add_media(
                local, {"url": attributes["href"], "type": attributes.get("type", "")}
            )
        else:
            self._keep("link", 0 if relation == "alternate" else 1, attributes["href"])

    def _add_text(self, text: str) -> None:
        if self._element and self._length < LONGEST_FIELD:
            self._text.append(text)
            self._length += len(text)

    def _end(self, name: str) -> None:
        local = name.lower().rpartition(":")[2]
        if self._depth == self._element:
            field, rank = _FIELDS[local]
            self._keep(field, rank, "".join(self._text)[:LONGEST_FIELD].strip())
            self._element = 0
        elif self._depth == self._entry:
            self._entry = 0
            fields = {name: value for name, (_, value) in self._fields.items()}
            if len(self.entries) < MOST_ENTRIES:
                self.entries.append(build_entry(fields, self._media, base=self._url))

        self._depth -= 1

    def _keep(self, field: str, rank: int, value: str) -> None:
        if value and rank < self._fields.get(field, (99, ""))[0]:
            self._fields[field] = (rank, value)


class _Attachment(msgspec.Struct):
    url: str = ""
    mime_type: str = ""


class _JsonItem(msgspec.Struct):
    """https://www.jsonfeed.org/version/1.1/"""

    id: str | int | float = ""
    title: str | None = None
    url: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    summary: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    image: str | None = None
    attachments: list[_Attachment] = msgspec.field(default_factory=list)


class _JsonFeed(msgspec.Struct):
    items: list[_JsonItem]


async def _read_json(body: bytes, *, url: str) -> list[dict[str, Any]]:
    try:
        feed = msgspec.json.decode(body, type=_JsonFeed)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FeedError(f"it is no JSON Feed: {error}") from error

    entries = []
    for item in feed.items[:MOST_ENTRIES]:
        await anyio.lowlevel.checkpoint()
        entries.append(_build_from_json(item, url))

    return entries


def _build_from_json(item: _JsonItem, url: str) -> dict[str, Any]:
    fields = {
        "id": str(item.id),
        "title": item.title or "",
        "link": item.url or "",
        "date": item.date_published or item.date_modified or "",
        "summary": (item.content_text or "")[:LONGEST_FIELD],
        "content": (item.content_html or item.summary or "")[:LONGEST_FIELD],
    }
    media = [{"url": item.image or "", "medium": "image"}]
    media += [{"url": one.url, "type": one.mime_type} for one in item.attachments]
    return build_entry(fields, media, base=url)

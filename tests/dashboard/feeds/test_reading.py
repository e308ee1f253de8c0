"""Documents that are feeds, and those that are not, or not well meant."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from dashboard.feeds import reading
from dashboard.feeds.reading import FeedError, read_feed

BASE = "https://news.example/feeds/all.xml"


async def read(text: str | bytes) -> list[dict[str, Any]]:
    """The entries of a document that was found at BASE."""
    body = text.encode() if isinstance(text, str) else text
    return await read_feed(body, url=BASE)


RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel>
 <title>All news</title><link>https://news.example/</link>
 <atom:link rel="self" href="https://news.example/feeds/all.xml"/>
 <image><title>logo</title><link>https://news.example/logo</link></image>
 <item>
  <itunes:title>not this</itunes:title>
  <title>First &amp; <![CDATA[<b>best</b>]]></title>
  <link>/first?a=1&amp;b=2</link>
  <guid isPermaLink="false">first-1</guid>
  <pubDate>Thu, 01 Jan 2026 12:00:00 +0100</pubDate>
  <description>&lt;p&gt;Hello &amp;amp; &lt;i&gt;world&lt;/i&gt;&lt;/p&gt;</description>
  <content:encoded><![CDATA[<p>much longer</p>]]></content:encoded>
  <enclosure url="https://news.example/a.mp3" type="audio/mpeg" length="5"/>
  <media:group><media:content url="/a.jpg" medium="image"><media:title>no</media:title>
  </media:content></media:group>
 </item>
 <item>
  <guid>https://news.example/second</guid>
  <content:encoded><![CDATA[Look: <img src="https://img.example/b.png?x=1">]]>
  </content:encoded>
 </item>
</channel></rss>"""


async def test_rss_is_read():
    """With what belongs to an entry alone, and the page that a guid is."""
    assert await read(RSS) == [
        {
            "id": "first-1",
            "title": "First & best",
            "link": "https://news.example/first?a=1&b=2",
            "published": "2026-01-01T11:00:00.000Z",
            "description": "Hello & world",
            "enclosure": "https://news.example/a.jpg",
        },
        {
            "id": "https://news.example/second",
            "title": "",
            "link": "https://news.example/second",
            "published": "",
            "description": "Look:",
            "enclosure": "https://img.example/b.png",
        },
    ]


async def test_atom_is_read():
    """The page is the link without a relation; a picture may be a link too."""
    entries = await read(
        """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
        <title>Feed</title><id>f</id><updated>2026-01-03T00:00:00Z</updated>
        <entry>
         <author><name>Ada</name><title>Dr</title></author>
         <id>tag:news.example,2026:1</id>
         <title type="html">A &lt;em&gt;title&lt;/em&gt;</title>
         <link rel="self" href="https://news.example/1.atom"/>
         <link href="https://news.example/1"/>
         <link rel="enclosure" type="image/png" href="/1.png"/>
         <updated>2026-01-02T00:00:00.5+01:00</updated>
         <published>2026-01-01T00:00:00Z</published>
         <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
          <p>Some <b>bold</b> text</p></div></content>
        </entry></feed>"""
    )

    assert entries == [
        {
            "id": "tag:news.example,2026:1",
            "title": "A title",
            "link": "https://news.example/1",
            "published": "2026-01-01T23:00:00.500Z",
            "description": "Some bold text",
            "enclosure": "https://news.example/1.png",
        }
    ]


async def test_rdf_is_read():
    """Its items stand beside the channel."""
    entries = await read(
        """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="x"><title>News</title></channel>
        <item rdf:about="https://news.example/1"><title>One</title>
        <link>https://news.example/1</link><dc:date>2026-01-01</dc:date></item>
        </rdf:RDF>"""
    )

    assert [(one["title"], one["published"]) for one in entries] == [
        ("One", "2026-01-01T00:00:00.000Z")
    ]
    assert len(entries[0]["id"]) == 24


async def test_json_feed_is_read():
    """https://www.jsonfeed.org/version/1.1/"""
    entries = await read(
        """ {"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": [
        {"id": 1, "url": "/1", "title": "One", "content_html": "<p>Hello</p>",
         "date_published": "2026-01-01T00:00:00Z", "image": "https://img.example/1"},
        {"id": "2", "content_text": "1 < 2", "attachments": [
         {"url": "a.mp3", "mime_type": "audio/mpeg"},
         {"url": "b.webp", "mime_type": "image/webp"}]}]}"""
    )

    assert entries == [
        {
            "id": "1",
            "title": "One",
            "link": "https://news.example/1",
            "published": "2026-01-01T00:00:00.000Z",
            "description": "Hello",
            "enclosure": "https://img.example/1",
        },
        {
            "id": "2",
            "title": "",
            "link": "",
            "published": "",
            "description": "1 < 2",
            "enclosure": "https://news.example/feeds/b.webp",
        },
    ]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UTF-8"),
        ("latin-1", "ISO-8859-1"),
        ("utf-16", "UTF-16"),
        ("cp1252", "windows-1252"),
        ("utf-8-sig", "utf-8"),
    ],
)
async def test_a_document_says_its_encoding(encoding: str, declared: str):
    """Blanks before it, which many servers send, do no harm."""
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>'
        "<rss><channel><item><title>Zürich</title></item></channel></rss>"
    )
    body = text.encode(encoding)
    entries = await read(body if encoding == "utf-16" else b"\n " + body)

    assert entries[0]["title"] == "Zürich"


BOMB = (
    '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><rss><channel><item><title>&j;</title></item></channel></rss>"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "declares the entity 'a'"),
        (
            '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>',
            "declares the entity 'x'",
        ),
        (
            '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><rss/>',
            "declares the entity 'x'",
        ),
        ("<html><body>Log in</body></html>", "its root is 'html'"),
        ("<!DOCTYPE html><html><br></html>", "its root is 'html'"),
        ("<rss><channel>", "no XML"),
        ("<rss><channel></rss>", "no XML"),
        ("<rss>&nothing;</rss>", "no XML"),
        ('<?xml version="1.0" encoding="none-such"?><rss/>', "no XML"),
        ("", "no XML"),
        ("Service Unavailable", "no XML"),
        (b"\x89PNG\r\n\x1a\n\0\0", "no XML"),
        ("<rss>" + "<a>" * 200, "nested more than 100 deep"),
        ("{", "no JSON Feed"),
        ('{"items": 1}', "no JSON Feed"),
        ('{"items": [' + "[" * 100_000, "no JSON Feed"),
    ],
)
async def test_what_is_no_feed_is_refused(text: str | bytes, reason: str):
    """One clear reason for each, and nothing of it is loaded or expanded."""
    with pytest.raises(FeedError, match=reason):
        await read(text)


async def test_a_document_type_alone_does_no_harm():
    """RSS 0.91 has one; what it names is not loaded."""
    entries = await read(
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
        ' "http://127.0.0.1:9/rss-0.91.dtd">'
        "<rss version='0.91'><channel><item><title>Old</title></item></channel></rss>"
    )

    assert [entry["title"] for entry in entries] == ["Old"]


async def test_a_feed_without_entries_is_one():
    """Nothing has happened yet."""
    assert await read("<feed xmlns='http://www.w3.org/2005/Atom'/>") == []
    assert await read('{"items": []}') == []


async def test_only_so_many_entries_are_read():
    """What comes after them may be anything."""
    item = "<item><title>x</title></item>"
    entries = await read(f"<rss><channel>{item * 2000}<broken")

    assert len(entries) == reading.MOST_ENTRIES


async def test_one_field_is_only_so_long():
    """A megabyte of a title is not kept."""
    text = "word " * 200_000
    entries = await read(f"<rss><item><title>{text}</title></item></rss>")
    body = f'{{"items": [{{"id": 1, "title": "{text}", "content_text": "{text}"}}]}}'
    entries += await read(body)

    assert [len(entry["title"]) for entry in entries] == [500, 500]


async def test_others_go_on_while_a_large_one_is_read():
    """The event loop comes around again and again, however the document is made."""
    text = "<rss><channel>" + "<a></a>" * 300_000 + "</channel></rss>"
    rounds = 0

    async def watch() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        assert await read(text) == []
        tasks.cancel_scope.cancel()

    assert rounds >= len(text) // reading.PIECE

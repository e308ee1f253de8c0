"""Form tokens, redirects and addresses, each rule by itself."""

from __future__ import annotations

import pytest

from services.web.security import (
    FormTokens,
    content_policy,
    image_link,
    is_json,
    is_own_request,
    local_path,
    web_link,
)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/", "/"),
        ("/boards/abc?edit=1#top", "/boards/abc?edit=1#top"),
        ("/boards/k%C3%BCche", "/boards/k%C3%BCche"),
        ("/küche", "/k%C3%BCche"),
    ],
)
def test_paths_of_this_site_are_followed(target: str, expected: str):
    """A local path is kept, in characters that a header may hold."""

    assert expected == local_path(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "boards",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " /x",
        "/x\r\nSet-Cookie: a=b",
        "https://evil.example",
        "javascript:alert(1)",
        "/a\\b",
        "/" + "x" * 3000,
    ],
)
def test_other_sites_are_not_followed(target: str):
    """Whatever a browser could take for another site leads home."""

    assert local_path(target) == "/"


@pytest.mark.parametrize(
    "url",
    ["http://nas.local", "https://example.org:8443/a?b=c#d", "http://[::1]:8080/"],
)
def test_web_addresses_become_links(url: str):
    """An absolute http(s) address is a link."""

    assert url == web_link(url)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "example.org",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "http://",
        "http:///path",
        "http://a b",
        "http://a:port/",
        "http://[::1",
        "https://x/" + "y" * 9000,
        'http://x/"><script>',
        "ftp://example.org",
    ],
)
def test_other_addresses_do_not_become_links(url: str | None):
    """No script, no half address and no other scheme is ever a link."""

    assert web_link(url) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.example/a.svg", "https://cdn.example/a.svg"),
        ("/api/user-medias/x", "/api/user-medias/x"),
        ("data:image/png;base64,AA==", "data:image/png;base64,AA=="),
        ("data:text/html,x", None),
        ("//evil.example/a.png", None),
        ("", None),
    ],
)
def test_images_come_from_the_web_from_here_or_from_within(
    url: str, expected: str | None
):
    """Icons may be addresses, paths of this site or data; nothing else."""

    assert expected == image_link(url)


def test_a_form_token_fits_its_cookie_only():
    """Token and cookie made together belong together."""

    tokens = FormTokens("secret")
    token, cookie = tokens.make("session")
    other, _ = tokens.make("session")

    assert tokens.accepts(cookie, token, "session")
    assert not tokens.accepts(cookie, other, "session")
    assert not tokens.accepts(cookie, "", "session")
    assert not tokens.accepts(None, token, "session")
    assert not tokens.accepts(cookie, "\ud800ä", "session")


def test_each_form_has_another_mask_over_the_same_token():
    """So that the sizes of compressed pages tell nothing; the cookie stays."""

    tokens = FormTokens("secret")
    first, cookie = tokens.make("session")
    fields = [first, *(tokens.read(cookie, "session") or "" for _ in range(20))]

    assert len(set(fields)) == len(fields)
    assert {len(field) for field in fields} == {64}
    assert all(tokens.accepts(cookie, field, "session") for field in fields)
    # No stretch of the page is the token's own.
    bare = cookie.partition(".")[0]
    assert not [field for field in fields if bare[:8] in field or bare[-8:] in field]


def test_no_half_of_a_field_is_enough():
    """The mask is nothing without what is under it, nor the other way round."""

    tokens = FormTokens("secret")
    field, cookie = tokens.make("")
    other, _ = tokens.make("")

    for wrong in (field[:32], field[32:], field[:32] + other[32:], "A" * 64):
        assert not tokens.accepts(cookie, wrong, "")


def test_a_form_from_before_there_were_masks_is_taken():
    """It was open while the program was upgraded."""

    tokens = FormTokens("secret")
    _, cookie = tokens.make("")

    assert tokens.accepts(cookie, cookie.partition(".")[0], "")


def test_a_form_token_dies_with_its_login():
    """A token from before the login, or of another login, proves nothing."""

    tokens = FormTokens("secret")
    token, cookie = tokens.make("")

    assert not tokens.accepts(cookie, token, "session")


@pytest.mark.parametrize("cookie", ["", ".", "x", "x.", ".x", "a.b.c", "x.\xff"])
def test_forged_cookies_vouch_for_nothing(cookie: str):
    """A cookie that we did not sign is as good as none."""

    tokens = FormTokens("secret")

    assert tokens.read(cookie, "") is None


def test_another_secret_signs_another_cookie():
    """Whoever does not know the secret cannot make a token."""

    token, cookie = FormTokens("theirs").make("")

    assert not FormTokens("ours").accepts(cookie, token, "")


def test_the_policy_allows_no_inline_code():
    """Scripts and styles come from us; one style sheet is named by its hash."""

    policy = content_policy(external_images=False, style=".p1{grid-area:1/1}")

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "style-src 'self' 'sha256-" in policy
    assert "frame-ancestors 'none'" in policy
    assert "img-src 'self' data:;" in policy


@pytest.mark.parametrize(
    ("fetch_site", "origin"),
    [
        (None, None),
        ("same-origin", None),
        ("none", None),
        ("same-origin", "https://dash.example:3000"),
        (None, "https://dash.example:3000"),
        (None, "http://DASH.example:3000"),
        (None, "https://other.example"),
    ],
)
def test_requests_of_our_own_pages_and_of_programs_are_ours(
    fetch_site: str | None, origin: str | None
):
    """The same host, an allowed origin, or a program that says nothing of it."""

    assert is_own_request(
        fetch_site=fetch_site,
        origin=origin,
        host="dash.example:3000",
        allowed=("https://other.example",),
    )


@pytest.mark.parametrize(
    ("fetch_site", "origin"),
    [
        ("cross-site", None),
        ("same-site", None),
        ("", None),
        ("anything", None),
        ("cross-site", "https://dash.example:3000"),
        ("same-origin", "https://evil.example"),
        (None, "https://evil.example"),
        (None, "https://sub.dash.example:3000"),
        (None, "https://dash.example"),
        (None, "https://dash.example:3001"),
        (None, "https://dash.example:3000.evil.example"),
        (None, "https://evil.example/dash.example:3000"),
        (None, "https://dash.example:3000@evil.example"),
        (None, "chrome-extension://dash.example:3000"),
        (None, "null"),
        (None, ""),
    ],
)
def test_requests_of_other_sites_are_not_ours(
    fetch_site: str | None, origin: str | None
):
    """Another site, a sibling, another port and a page without an origin."""

    assert not is_own_request(
        fetch_site=fetch_site, origin=origin, host="dash.example:3000"
    )


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("https://dash.example", "dash.example", True),
        ("https://dash.example", "dash.example:443", True),
        ("https://dash.example:443", "dash.example", True),
        ("http://dash.example", "dash.example:80", True),
        ("http://dash.example", "dash.example:443", False),
        ("https://", "", False),
        ("http://[::1]:3000", "[::1]:3000", True),
    ],
)
def test_a_default_port_may_be_left_out(origin: str, host: str, own: bool):
    """Browsers leave it out, and some proxies put it back."""

    assert own == is_own_request(fetch_site=None, origin=origin, host=host)


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("", False),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data", False),
        ("application/jsonp", False),
    ],
)
def test_only_json_is_a_type_that_browsers_ask_about(media_type: str, expected: bool):
    """The three types of forms cross sites without a question."""

    assert expected == is_json(media_type)

"""Form tokens, redirects and addresses, each rule by itself."""

from __future__ import annotations

import pytest

from services.web.security import (
    FormTokens,
    content_policy,
    image_link,
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

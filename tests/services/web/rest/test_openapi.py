"""The OpenAPI document: valid, complete, and true about what is answered."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from quart import Quart

from dashboard.resources import Resources
from dashboard.settings import Settings
from services.web import create_app

from ..helpers import Browser, FakeMonitor
from .asking import ask

FIELDS = ["name", "description", "iconUrl", "href", "pingUrl"]
#: What Homarr 1.46 offers, then what later versions added, and this program with them.
HOMARR = """
GET /api/info info-getInfo
GET /api/apps app-all
GET /api/apps/paginated app-getPaginated
GET /api/apps/search app-search
GET /api/apps/selectable app-selectable
GET /api/apps/{id} app-byId
POST /api/apps app-create
PATCH /api/apps/{id} app-update
DELETE /api/apps/{id} app-delete
GET /api/invites invite-getAll
POST /api/invites invite-createInvite
DELETE /api/invites/{id} invite-deleteInvite
GET /api/users user-getAll
POST /api/users user-create
GET /api/users/{userId} user-getById
DELETE /api/users/{userId} user-delete
POST /api/users/search user-search
GET /api/users/selectable user-selectable
PUT /api/users/profile user-editProfile
PUT /api/users/profileImage user-setProfileImage
PATCH /api/users/{userId}/changePassword user-changePassword
PATCH /api/users/changeHome user-changeHomeBoards
PATCH /api/users/changeSearchEngine user-changeDefaultSearchEngine
PATCH /api/users/search-preferences user-changeSearchPreferences
PATCH /api/users/changeScheme user-changeColorScheme
PATCH /api/users/firstDayOfWeek user-changeFirstDayOfWeek
GET /api/boards board-getAllBoards
POST /api/boards board-createBoard
POST /api/boards/{id}/duplicate board-duplicateBoard
PATCH /api/boards/{id}/name board-renameBoard
PATCH /api/boards/{id}/visibility board-changeBoardVisibility
PATCH /api/boards/{id}/home board-setHomeBoard
PATCH /api/boards/{id}/mobile-home board-setMobileHomeBoard
PATCH /api/boards/{id}/settings board-savePartialBoardSettings
DELETE /api/boards/{id} board-deleteBoard
POST /api/boards/items board-addItem
"""


def list_operations(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """The operations by method and path."""

    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_is_openapi(document: dict[str, Any]):
    """By the published schema of 3.1, its references and its path parameters."""

    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_homarr_s_addresses_are_all_there(document: dict[str, Any]):
    """With its names for them, and no others."""

    expected = {tuple(line.split()) for line in HOMARR.strip().splitlines()}
    described = {
        (*key, operation["operationId"])
        for key, operation in list_operations(document).items()
    }

    assert described == expected


def test_every_address_wants_a_key(document: dict[str, Any]):
    """In the header that it is sent in."""

    for operation in list_operations(document).values():
        assert operation["security"] == [{"apikey": []}]
        assert operation["summary"]

    scheme = document["components"]["securitySchemes"]["apikey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == (
        "apiKey",
        "header",
        "ApiKey",
    )


def test_inputs_are_where_a_request_has_them(document: dict[str, Any]):
    """In the path, in the query of what has no body, else in the body."""

    operations = list_operations(document)
    paginated = operations["GET", "/api/apps/paginated"]["parameters"]
    update = operations["PATCH", "/api/apps/{id}"]
    body = update["requestBody"]["content"]["application/json"]["schema"]

    assert [(one["name"], one["in"], one["required"]) for one in paginated] == [
        ("search", "query", False),
        ("pageSize", "query", False),
        ("page", "query", False),
    ]
    assert paginated[1]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "default": 10,
    }
    (only,) = update["parameters"]
    assert (only["name"], only["in"]) == ("id", "path")
    assert list(body["properties"]) == FIELDS
    assert body["required"] == FIELDS
    assert "requestBody" not in operations["PATCH", "/api/boards/{id}/home"]


def test_patterns_are_those_of_javascript(document: dict[str, Any]):
    """Python's end of a text is not JavaScript's."""

    assert r"\Z" not in json.dumps(document).replace("\\\\", "\\")
    assert "(?i)" not in json.dumps(document)
    assert "ud800" not in json.dumps(document)
    assert r'"pattern": "^[\\x01-\\x7f]*$"' in json.dumps(document)


def test_every_refusal_that_can_come_is_described(document: dict[str, Any]):
    """By what the address takes: a body, an id, a name that nobody else may have."""

    operations = list_operations(document)
    everywhere = {"200", "401", "403", "408", "429", "500", "503"}
    told = {key: set(one["responses"]) for key, one in operations.items()}

    assert told["GET", "/api/info"] == everywhere
    assert told["GET", "/api/apps/paginated"] == everywhere | {"400"}
    assert told["GET", "/api/apps/{id}"] == everywhere | {"400", "404"}
    assert told["DELETE", "/api/apps/{id}"] == everywhere | {"400", "404"}
    assert told["POST", "/api/apps"] == everywhere | {"400", "413", "415"}
    assert told["POST", "/api/boards/items"] == (
        everywhere | {"400", "404", "413", "415"}
    )
    assert told["POST", "/api/boards/{id}/duplicate"] == (
        everywhere | {"400", "404", "409", "413", "415"}
    )
    assert told["POST", "/api/users"] == everywhere | {"400", "409", "413", "415"}
    for code in ("429", "503"):
        assert "Retry-After" in document["components"]["responses"][code]["headers"]


async def test_every_example_can_be_sent(
    app: Quart, key: str, document: dict[str, Any]
):
    """It is taken: what it names may be missing, but nothing is wrong with it."""

    for (method, path), operation in list_operations(document).items():
        query, address = {}, path
        for one in operation.get("parameters", ()):
            if one["in"] == "path":
                address = address.replace(f"{{{one['name']}}}", one["example"])
            else:
                query[one["name"]] = one["example"]

        more: dict[str, Any] = {"query_string": query} if query else {}
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            more["json"] = content["example"]
            assert content["example"].keys() == content["schema"]["properties"].keys()

        response = await ask(app, method, address, key=key, **more)

        assert response.status_code in {200, 404}, (path, await response.get_data())
        assert str(response.status_code) in operation["responses"], path


async def test_the_document_is_for_everybody(stranger: Browser):
    """It says nothing that the source does not; browsers ask again by its ETag."""

    page = await stranger.get("/api/openapi")
    again = await stranger.get("/api/openapi", If_None_Match=page.headers["ETag"])

    assert page.headers["Content-Type"] == "application/json"
    assert json.loads(page.text)["servers"] == [{"url": "http://localhost"}]
    assert again.status == 304


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"Host": "board.example:8080"}, "http://board.example:8080"),
        ({"Host": "[::1]:3000"}, "http://[::1]:3000"),
        ({"Host": 'x"},'}, "http://localhost"),
        (
            {
                "Host": "a",
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Proto": "https",
            },
            "http://a",
        ),
    ],
)
async def test_the_base_is_what_the_reader_asked(
    app: Quart, headers: dict[str, str], url: str
):
    """Strangers' words about it are nothing, and what is no host is not repeated."""

    response = await ask(app, "GET", "/api/openapi", headers=headers)

    assert (await response.get_json())["servers"] == [{"url": url}]


async def test_a_trusted_proxy_says_what_was_asked(
    settings: Settings, resources: Resources, monitor: FakeMonitor
):
    """Of TRUSTED_PROXIES, as everywhere."""

    trusted = replace(settings, trusted_proxies=(ip_network("10.0.0.0/8"),))
    app = create_app(resources=replace(resources, settings=trusted), monitor=monitor)
    headers = {"X-Forwarded-Host": "board.example", "X-Forwarded-Proto": "https"}
    async with app.test_app():
        browser = Browser(app, address="10.0.0.2")
        response = await browser.client.get(
            "/api/openapi", headers=headers, scope_base={"client": ("10.0.0.2", 1)}
        )

    assert (await response.get_json())["servers"] == [{"url": "https://board.example"}]

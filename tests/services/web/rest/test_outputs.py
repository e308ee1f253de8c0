"""What is answered, held against the document that describes it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from quart import Quart

from ..helpers import ADMIN, GUEST
from .asking import ask


class Program:
    """Asks the API with a key, and holds each answer against the document."""

    def __init__(self, app: Quart, key: str, document: dict[str, Any]) -> None:
        self._app, self._key, self._document = app, key, document

    async def ask(
        self, method: str, template: str, *, query: str = "", **more: Any
    ) -> Any:
        """Send a request; braces of the path are filled from `parts`."""

        path = template.format(**more.pop("parts", {}))
        response = await ask(self._app, method, path + query, key=self._key, **more)
        body = await response.get_data()
        operation = self._document["paths"][template][method.lower()]
        assert response.status_code == 200, body

        content = operation["responses"]["200"].get("content")
        if content is None:
            assert body == b""

            return None

        answer = json.loads(body)
        schema = content["application/json"]["schema"]
        components = {"components": self._document["components"]}
        jsonschema.Draft202012Validator({**schema, **components}).validate(answer)
        return answer


@pytest.fixture(name="program")
def _program(app: Quart, key: str, document: dict[str, Any]) -> Program:
    return Program(app, key, document)


async def test_apps_are_answered_as_described(program: Program):
    """From the first to the last that is done with one."""

    fields = {
        "name": "Router",
        "description": None,
        "iconUrl": "/icon.svg",
        "href": "http://router.local",
        "pingUrl": "",
    }
    made = await program.ask("POST", "/api/apps", json=fields)
    parts = {"id": made["appId"]}
    assert await program.ask("GET", "/api/apps/{id}", parts=parts)
    everything = await program.ask("GET", "/api/apps")
    assert await program.ask("GET", "/api/apps/selectable") == everything
    query = "?query=Router&limit=1"
    (found,) = await program.ask("GET", "/api/apps/search", query=query)
    assert found["name"] == "Router"
    page = await program.ask("GET", "/api/apps/paginated", query="?page=1&pageSize=1")
    assert page["totalCount"] == len(everything)
    assert len(page["items"]) == 1
    changed = {**fields, "name": "Gateway"}
    await program.ask("PATCH", "/api/apps/{id}", parts=parts, json=changed)
    await program.ask("DELETE", "/api/apps/{id}", parts=parts)

    assert len(await program.ask("GET", "/api/apps")) == len(everything) - 1


async def test_users_are_answered_as_described(program: Program):
    """From the first to the last that is done with one."""

    new = {"username": GUEST, "password": "Abcdef1!", "confirmPassword": "Abcdef1!"}
    await program.ask(
        "POST", "/api/users", json={**new, "email": "g@example.org", "groupIds": []}
    )
    listed = await program.ask("GET", "/api/users")
    assert {user["name"] for user in listed} == {ADMIN, GUEST}
    (found,) = await program.ask("POST", "/api/users/search", json={"query": GUEST})
    parts = {"userId": found["id"]}
    whole = await program.ask("GET", "/api/users/{userId}", parts=parts)
    assert whole["email"] == "g@example.org"
    assert await program.ask(
        "GET", "/api/users/selectable", query="?excludeExternalProviders=true"
    )
    await program.ask("DELETE", "/api/users/{userId}", parts=parts)

    assert len(await program.ask("GET", "/api/users")) == 1


async def test_invites_are_answered_as_described(program: Program):
    """Their dates are texts both ways."""

    made = await program.ask(
        "POST", "/api/invites", json={"expirationDate": "2100-01-01T00:00:00.000Z"}
    )
    (listed,) = await program.ask("GET", "/api/invites")
    await program.ask("DELETE", "/api/invites/{id}", parts={"id": made["id"]})

    assert listed["expirationDate"] == "2100-01-01T00:00:00.000Z"
    assert made["token"]


async def test_boards_are_answered_as_described(program: Program):
    """From the first to the last that is done with one."""

    new = {"name": "Attic", "columnCount": 10, "isPublic": False}
    made = await program.ask("POST", "/api/boards", json=new)
    parts = {"id": made["boardId"]}
    listed = await program.ask("GET", "/api/boards")
    assert "Attic" in {board["name"] for board in listed}
    copied = await program.ask(
        "POST", "/api/boards/{id}/duplicate", parts=parts, json={"name": "Cellar"}
    )
    item = {"boardId": copied["boardId"], "kind": "clock", "options": {}}
    await program.ask("POST", "/api/boards/items", json={**item, "integrationIds": []})
    await program.ask(
        "PATCH", "/api/boards/{id}/name", parts=parts, json={"name": "Loft"}
    )
    await program.ask("PATCH", "/api/boards/{id}/home", parts=parts)
    await program.ask("DELETE", "/api/boards/{id}", parts=parts)

    names = {board["name"] for board in await program.ask("GET", "/api/boards")}
    assert "Cellar" in names
    assert not names & {"Attic", "Loft"}


async def test_the_version_is_answered_as_described(program: Program):
    """The shortest answer that there is."""

    assert (await program.ask("GET", "/api/info"))["version"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/apps/nope", 200),
        ("/api/users/nope", 200),
        ("/api/invites/nope", 404),
        ("/api/boards/nope", 404),
    ],
)
async def test_to_delete_what_is_not_there_is_done_of_apps_and_users(
    app: Quart, key: str, path: str, status: int
):
    """As Homarr answers; of invites and boards it is told."""

    assert (await ask(app, "DELETE", path, key=key)).status_code == status

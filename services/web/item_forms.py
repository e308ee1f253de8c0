"""The forms of each kind of item: what is wrong with one, and the options it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.boards import Board, Item
from services.web import forms
from services.web.forms import Form

Texts = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemForm:
    """How the items of one kind are made and changed through forms.

    `judge_*` returns a sentence for each field at fault; `read_*` returns the
    options of a form without fault.
    """

    texts: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    judge: Callable[[Texts], dict[str, str | None]] = lambda _texts: {}
    read_new: Callable[[Form, Board], Mapping[str, Any]] = lambda _form, _board: {}
    read_change: Callable[[Form, Board], Mapping[str, Any]] | None = None

    @property
    def changeable(self) -> bool:
        """Whether there is anything to change in an item of this kind."""

        return self.read_change is not None


def read_texts(kind: str, form: Form) -> Texts:
    """Return what was typed, to be shown again beside the faults."""

    return {name: form.raw(name) for name in ITEM_FORMS[kind].texts}


def find_faults(kind: str, texts: Texts) -> Texts:
    """Return a sentence for each field at fault."""

    stripped = {name: text.strip() for name, text in texts.items()}
    judged = ITEM_FORMS[kind].judge(stripped)
    return {name: sentence for name, sentence in judged.items() if sentence}


def stored_texts(item: Item) -> Texts:
    """Return an item's present options as the texts of its form."""

    texts = {
        name: value if isinstance(value := item.options.get(name), str) else ""
        for name in ITEM_FORMS[item.kind].texts
    }
    if item.kind == "notebook":
        texts["content"] = forms.text_from_note(texts["content"])

    if item.kind == "clock" and not item.options.get("useCustomTimezone"):
        texts["timezone"] = ""

    return texts


def stored_boxes(item: Item) -> frozenset[str]:
    """Name the boxes that are ticked: options that are true, and chosen apps."""

    apps = item.options.get("items")
    chosen = (app for app in (apps if isinstance(apps, list) else []))
    ticked = (name for name in ITEM_FORMS[item.kind].boxes if item.options.get(name))
    return frozenset((*ticked, *(app for app in chosen if isinstance(app, str))))


def sent_boxes(kind: str, form: Form) -> frozenset[str]:
    """Name the boxes that were ticked in a form."""

    ticked = (name for name in ITEM_FORMS[kind].boxes if form.raw(name))
    return frozenset((*ticked, *form.all("items")))


def _judge_app(texts: Texts) -> dict[str, str | None]:
    return {
        "name": forms.check_label(texts["name"], what="app"),
        "href": forms.check_link(texts["href"], required=True),
        "icon_url": forms.check_icon(texts["icon_url"]),
        "ping_url": forms.check_link(texts["ping_url"]),
    }


def _judge_bookmarks(texts: Texts) -> dict[str, str | None]:
    return {"title": forms.check_label(texts["title"], what="list", required=False)}


def _judge_clock(texts: Texts) -> dict[str, str | None]:
    return {"timezone": forms.check_timezone(texts["timezone"])}


def _judge_notebook(texts: Texts) -> dict[str, str | None]:
    return {"content": forms.check_note(texts["content"])}


def _read_app(form: Form, _board: Board) -> Mapping[str, Any]:
    return {name: bool(form.raw(name)) for name in ITEM_FORMS["app"].boxes}


def _read_bookmarks(form: Form, board: Board) -> Mapping[str, Any]:
    chosen = [app for app in form.all("items") if app in board.apps]
    return {"title": form.text("title"), "items": chosen}


def _read_new_clock(form: Form, _board: Board) -> Mapping[str, Any]:
    timezone = form.text("timezone")
    return {"useCustomTimezone": True, "timezone": timezone} if timezone else {}


def _read_clock(form: Form, board: Board) -> Mapping[str, Any]:
    boxes = {name: bool(form.raw(name)) for name in ITEM_FORMS["clock"].boxes}
    timezone = _read_new_clock(form, board) or {"useCustomTimezone": False}
    return {**boxes, **timezone}


def _read_notebook(form: Form, _board: Board) -> Mapping[str, Any]:
    return {"content": forms.note_from_text(form.raw("content"))}


#: Every kind that people can add.
ITEM_FORMS: Mapping[str, ItemForm] = {
    "app": ItemForm(
        texts=("name", "href", "icon_url", "ping_url"),
        boxes=("openInNewTab", "showTitle", "pingEnabled"),
        judge=_judge_app,
        read_change=_read_app,
    ),
    "bookmarks": ItemForm(
        texts=("title",),
        judge=_judge_bookmarks,
        read_new=_read_bookmarks,
        read_change=_read_bookmarks,
    ),
    "clock": ItemForm(
        texts=("timezone",),
        boxes=("is24HourFormat", "showSeconds", "showDate"),
        judge=_judge_clock,
        read_new=_read_new_clock,
        read_change=_read_clock,
    ),
    "notebook": ItemForm(
        texts=("content",),
        judge=_judge_notebook,
        read_new=_read_notebook,
        read_change=_read_notebook,
    ),
    "memory": ItemForm(),
}

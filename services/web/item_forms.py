"""The forms of each kind of item: what is wrong with one, and the options it holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.boards import App, Item
from services.web import forms
from services.web.forms import Form

Texts = dict[str, str]

APP_TEXTS = ("name", "href", "icon_url", "ping_url")
_APP_BOXES = ("openInNewTab", "showTitle", "pingEnabled")
_CLOCK_BOXES = ("is24HourFormat", "showSeconds", "showDate")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemForm:
    """One form: its fields, how they are judged and what they come to.

    `judge` returns a sentence for each field at fault; `read` returns the options
    of a form without fault, and is given the ids of all apps.
    """

    texts: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    judge: Callable[[Texts], dict[str, str | None]] = lambda _texts: {}
    read: Callable[[Form, Collection[str]], Mapping[str, Any]] = lambda _form, _apps: {}

    def typed(self, form: Form) -> Texts:
        """Return what was typed, to be shown again beside the faults."""

        return {name: form.raw(name) for name in self.texts}

    def find_faults(self, form: Form) -> Texts:
        """Return a sentence for each field at fault."""

        judged = self.judge({name: form.text(name) for name in self.texts})
        return {name: sentence for name, sentence in judged.items() if sentence}

    def ticked(self, form: Form) -> frozenset[str]:
        """Name the boxes that were ticked in a form."""

        boxes = (name for name in self.boxes if form.raw(name))
        return frozenset((*boxes, *form.all("items")))


def stored_texts(item: Item) -> Texts:
    """Return an item's present options as the texts of its form."""

    texts = {
        name: value if isinstance(value := item.options.get(name), str) else ""
        for name in CHANGE_FORMS[item.kind].texts
    }
    if item.kind == "notebook":
        texts["content"] = forms.text_from_note(texts["content"])

    if item.kind == "clock" and not item.options.get("useCustomTimezone"):
        texts["timezone"] = ""

    return texts


def stored_ticks(item: Item) -> frozenset[str]:
    """Name the boxes that are ticked: options that are true, and chosen apps."""

    form = CHANGE_FORMS[item.kind]
    ticked = (name for name in form.boxes if item.options.get(name))
    apps = item.options.get("items")
    chosen = apps if isinstance(apps, list) else []
    return frozenset((*ticked, *(app for app in chosen if isinstance(app, str))))


def app_texts(app: App) -> Texts:
    """Return an app's present fields as the texts of its form."""

    return {name: getattr(app, name) or "" for name in APP_TEXTS}


def changed_texts(form: Form, app: App) -> Texts:
    """Return the fields of an app that a form changes.

    What stays as it is stored is none of them: Homarr takes addresses that we do not.
    """

    return {
        name: form.text(name)
        for name, stored in app_texts(app).items()
        if name in form.fields and form.text(name) != stored
    }


def find_app_faults(form: Form, app: App) -> Texts:
    """Return a sentence for each changed field of an app that is at fault."""

    changed = changed_texts(form, app)
    judged = judge_app({**app_texts(app), **changed})
    return {name: fault for name in changed if (fault := judged[name])}


def complete_app(texts: Texts) -> Texts:
    """Return the fields of an app as they are stored, with whole addresses."""

    links = ("href", "ping_url")
    return {
        name: forms.complete_link(text) if name in links else text
        for name, text in texts.items()
    }


def judge_app(texts: Texts) -> dict[str, str | None]:
    """Say what is wrong with each field of an app."""

    texts = complete_app(texts)
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


def _judge_existing(texts: Texts) -> dict[str, str | None]:
    return {"form": None if texts["app_id"] else "Choose an app."}


def _read_existing(form: Form, _apps: Collection[str]) -> Mapping[str, Any]:
    return {"appId": form.text("app_id")}


def _read_app(form: Form, _apps: Collection[str]) -> Mapping[str, Any]:
    return {name: bool(form.raw(name)) for name in _APP_BOXES}


def _read_bookmarks(form: Form, apps: Collection[str]) -> Mapping[str, Any]:
    chosen = [app for app in form.all("items") if app in apps]
    return {"title": form.text("title"), "items": chosen}


def _read_new_clock(form: Form, _apps: Collection[str]) -> Mapping[str, Any]:
    timezone = form.text("timezone")
    return {"useCustomTimezone": True, "timezone": timezone} if timezone else {}


def _read_clock(form: Form, apps: Collection[str]) -> Mapping[str, Any]:
    boxes = {name: bool(form.raw(name)) for name in _CLOCK_BOXES}
    timezone = _read_new_clock(form, apps) or {"useCustomTimezone": False}
    return {**boxes, **timezone}


def _read_notebook(form: Form, _apps: Collection[str]) -> Mapping[str, Any]:
    return {"content": forms.note_from_text(form.raw("content"))}


_BOOKMARKS = ItemForm(texts=("title",), judge=_judge_bookmarks, read=_read_bookmarks)
_NOTEBOOK = ItemForm(texts=("content",), judge=_judge_notebook, read=_read_notebook)

#: Every kind that people can add. An app's fields make the app, not its options;
#: "existing" shows one that there is.
NEW_FORMS: Mapping[str, ItemForm] = {
    "app": ItemForm(texts=APP_TEXTS, judge=judge_app),
    "existing": ItemForm(texts=("app_id",), judge=_judge_existing, read=_read_existing),
    "bookmarks": _BOOKMARKS,
    "clock": ItemForm(texts=("timezone",), judge=_judge_clock, read=_read_new_clock),
    "notebook": _NOTEBOOK,
    "memory": ItemForm(),
}

#: Every kind that has something to change.
CHANGE_FORMS: Mapping[str, ItemForm] = {
    "app": ItemForm(boxes=_APP_BOXES, read=_read_app),
    "bookmarks": _BOOKMARKS,
    "clock": ItemForm(
        texts=("timezone",), boxes=_CLOCK_BOXES, judge=_judge_clock, read=_read_clock
    ),
    "notebook": _NOTEBOOK,
}

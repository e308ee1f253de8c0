"""Running a command: the settings, the database, and words for what goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from argparse import Namespace
from collections.abc import Awaitable, Callable

from dashboard.cli.answers import FAILED, USAGE, Answer, CommandError
from dashboard.cli.backups import backup, restore
from dashboard.cli.doctor import examine
from dashboard.cli.integrations import remove_integration, show_integrations
from dashboard.cli.users import (
    make_admin,
    remove_user,
    repair_names,
    reset_password,
    show_users,
    update_password,
)
from dashboard.errors import DashboardError
from dashboard.settings import Settings, SettingsError, load_settings

Command = Callable[[Namespace, Settings], Awaitable[Answer]]

COMMANDS: dict[str, Command] = {
    "reset-password": reset_password,
    "fix-usernames": repair_names,
    "recreate-admin": make_admin,
    "users list": show_users,
    "users delete": remove_user,
    "users update-password": update_password,
    "integrations list": show_integrations,
    "integrations delete": remove_integration,
    "backup": backup,
    "restore": restore,
    "doctor": examine,
}


def run_command(arguments: Namespace) -> Answer:
    """Run the command that was chosen; whatever its user did wrong is in the answer."""
    try:
        settings = load_settings()
        return asyncio.run(_run(arguments, settings))
    except CommandError as error:
        return Answer(errors=error.lines, exit_code=error.exit_code)
    except SettingsError as error:
        return _fail(str(error), USAGE)
    except DashboardError as error:
        return _fail(str(error))
    except sqlite3.DatabaseError as error:
        # What is left is a statement of ours that is wrong.
        if not isinstance(error, sqlite3.OperationalError) and _is_bug(error):
            raise

        return _fail(f"the database: {error}")
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        return _fail(f"{error.strerror or error}{place}")


async def _run(arguments: Namespace, settings: Settings) -> Answer:
    return await COMMANDS[arguments.command](arguments, settings)


def _fail(message: str, exit_code: int = FAILED) -> Answer:
    return Answer(errors=[f"error: {message}"], exit_code=exit_code)


def _is_bug(error: sqlite3.DatabaseError) -> bool:
    return isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError)

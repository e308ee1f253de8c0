"""What may be typed after `python -m dashboard`, and the help that says so."""

from __future__ import annotations

import argparse
from typing import Any

EXAMPLES = """\
examples:
  .venv/bin/python -m dashboard reset-password -u ada  a random password, printed once
  .venv/bin/python -m dashboard users list             who can log in
  .venv/bin/python -m dashboard backup                 a copy beside the database
  .venv/bin/python -m dashboard restore FILE           put it back (stop the server)
  .venv/bin/python -m dashboard doctor                 is the database in order?

All but `restore` work while the server runs. The database is the one that DB_URL and
DB_DRIVER name, as for the server.

exit codes:
  0  done       1  failed, or the doctor found a problem       2  wrong usage or setting
"""

SECRECY_NOTE = """\
Other users of this machine can read a password on the command line, and the shell
keeps it in its history. Give - to have it read from standard input, or asked for:

  .venv/bin/python -m dashboard {command} -p - < password.txt

It has 8 characters at least and 72 bytes at most, as on the pages.
A password that starts with - is given as --password=-secret.
All sessions of the user end, here and in the running server.
"""

Subparsers = Any


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `command` is set to the words of the chosen one."""
    parser = argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Look after the dashboard's users, integrations and database.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_reset_password(commands)
    _add_fix_usernames(commands)
    _add_recreate_admin(commands)
    _add_users(commands)
    _add_integrations(commands)
    _add_backup(commands)
    _add_doctor(commands)
    return parser


def _add_reset_password(commands: Subparsers) -> None:
    parser = _add(
        commands,
        "reset-password",
        "give a user a new password, random if none is given",
        notes=SECRECY_NOTE.format(command="reset-password -u ada"),
    )
    _add_username(parser, required=True, about="name of the user, as it is stored")
    parser.add_argument(
        "-p",
        "--password",
        type=_text,
        help="the new password, or - for standard input "
        "(default: a random one, which is printed)",
    )


def _add_fix_usernames(commands: Subparsers) -> None:
    _add(
        commands,
        "fix-usernames",
        "change all names of users with a password to lower case",
        notes="Names are compared in lower case at login: others cannot log in.\n",
    )


def _add_recreate_admin(commands: Subparsers) -> None:
    parser = _add(
        commands,
        "recreate-admin",
        "make an administrator where none with a password is left",
        notes="Prints a random password, and the temporary name of the new group.\n",
    )
    _add_username(parser, required=True, about="name of the new administrator")


def _add_users(commands: Subparsers) -> None:
    users = _add_group(commands, "users", "list and delete users, set a password")
    _add_json(_add(users, "list", "list all users", group="users"))

    delete = _add(
        users,
        "delete",
        "delete a user, with sessions, keys and invites",
        group="users",
        notes="Boards of the user stay, with nobody as their creator.\n",
    )
    _add_id(delete, "user")
    _add_username(delete, about="name of the user, as it is stored")
    delete.add_argument(
        "--force",
        action="store_true",
        help="delete the last administrator as well; recreate-admin makes another one",
    )

    update = _add(
        users,
        "update-password",
        "set a user's password",
        group="users",
        notes=SECRECY_NOTE.format(command="users update-password -u ada"),
    )
    _add_id(update, "user")
    _add_username(update, about="name of the user, as it is stored")
    update.add_argument(
        "-p",
        "--password",
        type=_text,
        required=True,
        help="the new password, or - for standard input",
    )


def _add_integrations(commands: Subparsers) -> None:
    integrations = _add_group(commands, "integrations", "list and delete integrations")
    _add_json(_add(integrations, "list", "list all integrations", group="integrations"))
    delete = _add(
        integrations,
        "delete",
        "delete an integration, with its secrets",
        group="integrations",
        notes="Items that show it stay on their boards, without it.\n",
    )
    _add_id(delete, "integration")
    delete.add_argument(
        "-n", "--name", type=_text, help="name of the integration, as it is stored"
    )


def _add_backup(commands: Subparsers) -> None:
    backup = _add(
        commands,
        "backup",
        "copy the database, also while the server runs",
        notes="The copy is one state of the database, and one file. An existing file\n"
        "is never overwritten.\n",
    )
    backup.add_argument(
        "file",
        nargs="?",
        type=_text,
        metavar="FILE",
        help="where to (default: beside the database, with the time in its name)",
    )
    restore = _add(
        commands,
        "restore",
        "put a backup in the database's place; stop the server first",
        notes="The backup is checked before anything is touched, and what it replaces\n"
        "is kept beside it.\n",
    )
    restore.add_argument("file", type=_text, metavar="FILE", help="the backup")


def _add_doctor(commands: Subparsers) -> None:
    doctor = _add(
        commands,
        "doctor",
        "examine the database and what it lives on; changes nothing",
        notes="Each line is ok, a warning or a problem, and says what to do about it.\n"
        "Exit code 1 if there is a problem.\n",
    )
    _add_json(doctor)


def _add(
    commands: Subparsers,
    name: str,
    about: str,
    *,
    group: str | None = None,
    notes: str | None = None,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=notes,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=f"{group} {name}" if group else name)
    return parser


def _add_group(commands: Subparsers, name: str, about: str) -> Subparsers:
    parser = commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        allow_abbrev=False,
    )
    return parser.add_subparsers(metavar="COMMAND", required=True)


def _add_username(
    parser: argparse.ArgumentParser, *, about: str, required: bool = False
) -> None:
    parser.add_argument("-u", "--username", type=_text, required=required, help=about)


def _add_id(parser: argparse.ArgumentParser, noun: str) -> None:
    parser.add_argument("-i", "--id", type=_text, help=f"id of the {noun}")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print JSON for other programs"
    )


def _text(value: str) -> str:
    # A driver may end a text at its first NUL, and "ada\0…" would mean "ada".
    if "\0" in value:
        raise argparse.ArgumentTypeError("it contains a NUL character")

    try:
        value.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("it is not UTF-8") from None

    return value

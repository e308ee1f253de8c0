from __future__ import annotations

import dataclasses
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from dashboard.settings import Settings, SettingsError, load_settings
from dashboard.variables import VARIABLES


def test_nothing_set_gives_the_defaults():
    """An empty environment is enough to run."""
    settings = load_settings({})

    assert settings.db_url == "./appdata/db/db.sqlite"
    assert settings.db_driver == "aiosqlite"
    assert settings.redis_url is None
    assert settings.session_timeout == 30 * 86400
    assert settings.cookie_name == "homarr.session-token"
    assert settings.production is True


def test_declared_defaults_are_those_of_the_settings():
    """What the table of variables says is what an empty environment gives."""
    settings = load_settings({})
    for variable in VARIABLES:
        if variable.default:
            expected = getattr(settings, variable.attribute)

            assert expected == variable.parse(variable.default), variable.name


def test_each_setting_has_one_variable():
    """No setting is read from anywhere but the table."""
    attributes = [variable.attribute for variable in VARIABLES]

    assert sorted(attributes) == sorted(f.name for f in dataclasses.fields(Settings))


def test_an_empty_variable_counts_as_unset():
    """`DB_URL=` means the default."""
    assert load_settings({"DB_URL": " "}).db_url == "./appdata/db/db.sqlite"


def test_the_secret_is_random_unless_given():
    """Each start has its own secret; a given key is kept, and none is made up."""
    first, second = load_settings({}), load_settings({})

    assert first.auth_secret != second.auth_secret
    assert len(first.auth_secret) >= 32
    assert load_settings({"AUTH_SECRET": "s"}).auth_secret == "s"
    assert first.cron_job_api_key == ""
    assert load_settings({"CRON_JOB_API_KEY": "k"}).cron_job_api_key == "k"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("12h", 43200), ("30d", 2592000)],
)
def test_durations_are_read_in_homarrs_words(text: str, seconds: float):
    """A number without a letter is seconds."""
    settings = load_settings({"AUTH_SESSION_EXPIRY_TIME": text})

    assert settings.session_timeout == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("64mb", 64 * 1024**2), ("512KB", 512 * 1024), ("1gb", 1024**3)],
)
def test_sizes_are_read_in_the_words_of_redis(text: str, size: int):
    """As maxmemory in deploy/redis.conf."""
    assert load_settings({"CACHE_SIZE": text}).cache_size == size


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CACHE_SIZE", "64"),
        ("CACHE_SIZE", "0mb"),
        ("CACHE_SIZE", "64 mib"),
        ("DISABLE_REDIS_LOGS", "perhaps"),
        ("AUTH_PROVIDERS", "credentials,github"),
        ("AUTH_PROVIDERS", "credentials,"),
        ("AUTH_SESSION_EXPIRY_TIME", "soon"),
        ("AUTH_SESSION_EXPIRY_TIME", "0d"),
        ("AUTH_SESSION_EXPIRY_TIME", "-1"),
        ("AUTH_SESSION_EXPIRY_TIME", "1e3"),
        ("AUTH_COOKIE_PREFIX", "a b"),
        ("AUTH_COOKIE_PREFIX", "a;b"),
        ("DB_DRIVER", "mysql2"),
        ("DB_DRIVER", "libSQL"),
        ("DB_URL", ":memory:"),
        ("DB_URL", "libsql://host"),
        ("DB_URL", "file://host/x"),
        ("DB_URL", "wss://host"),
        ("DB_URL", "https://"),
        ("DB_URL", "http://host:notaport"),
        ("DB_URL", "https://host/?a=b"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://localhost:notaport"),
        ("REDIS_URL", "redis://localhost:70000"),
        ("NODE_ENV", "dev"),
        ("ALLOWED_ORIGINS", "home.example"),
        ("ALLOWED_ORIGINS", "https://home.example/path"),
        ("ALLOWED_ORIGINS", "*"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", "10.0.0.1,"),
        ("TRUSTED_PROXIES", "*"),
        ("LOG_LEVEL", "loud"),
        ("CRON_TIMEZONE", "Berlin"),
        ("CRON_TIMEZONE", "../../etc/passwd"),
        ("TASKS_ENGINE", "celery"),
        ("NO_EXTERNAL_CONNECTION", "maybe"),
        ("OUTGOING_ALLOWED_NETWORKS", "169.254.0.0/99"),
        ("OUTGOING_ALLOWED_NETWORKS", "printer.local"),
        ("UPDATE_CHECK_URL", "releases.example"),
        ("UPDATE_CHECK_URL", "ftp://releases.example/list"),
        ("UPDATE_CHECK_URL", "https://"),
        ("UPDATE_CHECK_URL", "https://releases.example:port/"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, text: str):
    """The error says which variable, what it held and what it may be."""
    with pytest.raises(SettingsError) as caught:
        load_settings({name: text})

    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name}={text!r} is not usable: ")
    assert "give" in caught.value.reason or "use" in caught.value.reason


def test_a_password_in_a_bad_url_is_not_shown():
    """An error is printed and logged: secrets stay out of it."""
    with pytest.raises(SettingsError) as caught:
        load_settings({"REDIS_URL": "http://user:secret@host"})

    assert "secret" not in str(caught.value)


def test_secrets_are_not_in_the_representation():
    """Settings may be logged."""
    settings = load_settings(
        {"AUTH_SECRET": "aaaa", "CRON_JOB_API_KEY": "bbbb", "REDIS_URL": "redis://:c@d"}
    )

    assert not {"aaaa", "bbbb", ":c@"} & {
        word for word in ("aaaa", "bbbb", ":c@") if word in repr(settings)
    }


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/x/db.sqlite", "/x/db.sqlite"),
        ("file:/x/db.sqlite", "/x/db.sqlite"),
        ("file:///x/db.sqlite", "/x/db.sqlite"),
        ("file:./db.sqlite", "./db.sqlite"),
    ],
)
def test_a_database_url_is_a_path(text: str, path: str):
    """The prefix that Homarr's other drivers want is taken off."""
    assert load_settings({"DB_URL": text}).db_url == path


def test_homarrs_name_of_the_driver_is_known():
    """better-sqlite3 is the synchronous one."""
    assert load_settings({"DB_DRIVER": "better-sqlite3"}).db_driver == "sqlite3"


def test_cookies_of_both_homarr_versions_are_accepted():
    """Ours comes first, and none twice."""
    names = load_settings({}).accepted_cookie_names

    assert names == ("homarr.session-token", "authjs.session-token")

    names = load_settings({"AUTH_COOKIE_PREFIX": "own"}).accepted_cookie_names

    assert names[0] == "own.session-token"
    assert len(names) == 3


def test_origins_are_compared_without_case_or_trailing_slash():
    """A list with commas, each origin once."""
    text = "https://A.example/, http://b:81,https://a.example"
    settings = load_settings({"ALLOWED_ORIGINS": text})

    assert settings.allowed_origins == ("https://a.example", "http://b:81")


def test_trusted_proxies_are_addresses_and_networks():
    """A list with commas, each once; an address is a network of one."""
    text = "10.1.2.3/8, ::1,127.0.0.1,127.0.0.1"
    networks = load_settings({"TRUSTED_PROXIES": text}).trusted_proxies

    assert [str(network) for network in networks] == [
        "10.0.0.0/8",
        "::1/128",
        "127.0.0.1/32",
    ]
    assert load_settings({}).trusted_proxies == ()


def test_providers_are_homarrs_words_in_any_case():
    """A list with commas, each provider once."""
    settings = load_settings({"AUTH_PROVIDERS": "OIDC, credentials,oidc"})

    assert settings.auth_providers == ("oidc", "credentials")


def test_libsql_is_a_driver_where_it_is_installed(monkeypatch: pytest.MonkeyPatch):
    """Where it is not, the error names the command that puts it right."""
    monkeypatch.setitem(sys.modules, "aiolibsql", None)
    with pytest.raises(SettingsError, match=r"pip install 'aiolibsql>=0.3,<0.4'"):
        load_settings({"DB_DRIVER": "libsql"})

    module = ModuleType("aiolibsql")
    module.__spec__ = ModuleSpec("aiolibsql", None)
    monkeypatch.setitem(sys.modules, "aiolibsql", module)

    assert load_settings({"DB_DRIVER": "libsql"}).db_driver == "libsql"


@pytest.mark.parametrize("url", ["libsql://db.example", "http://127.0.0.1:8080/"])
def test_a_server_is_for_libsql_alone(monkeypatch: pytest.MonkeyPatch, url: str):
    """The other drivers would make a file of its name."""
    module = ModuleType("aiolibsql")
    module.__spec__ = ModuleSpec("aiolibsql", None)
    monkeypatch.setitem(sys.modules, "aiolibsql", module)
    environ = {"DB_URL": url, "DB_DRIVER": "libsql", "LIBSQL_AUTH_TOKEN": "secret"}
    settings = load_settings(environ)

    assert settings.db_url == url.rstrip("/")
    assert settings.db_auth_token == "secret"
    assert "secret" not in repr(settings)

    with pytest.raises(SettingsError, match="set DB_DRIVER=libsql"):
        load_settings({"DB_URL": url})


def test_a_token_in_a_bad_url_is_not_shown():
    """It has a variable of its own."""
    with pytest.raises(SettingsError, match="LIBSQL_AUTH_TOKEN") as caught:
        load_settings({"DB_URL": "libsql://host?authToken=secret"})

    assert "secret" not in str(caught.value)


def test_the_journal_mode_is_one_of_two():
    """In any case; another word is an error that says what each is for."""
    assert load_settings({}).db_journal_mode == "wal"
    assert load_settings({"DB_JOURNAL_MODE": "DELETE"}).db_journal_mode == "delete"
    with pytest.raises(SettingsError, match="delete for files that are shared"):
        load_settings({"DB_JOURNAL_MODE": "truncate"})


def test_the_jobs_run_embedded_or_on_saq():
    """SAQ is for those who have a Redis, and a time zone is known by its name."""
    settings = load_settings({"CRON_TIMEZONE": "Europe/Berlin"})

    assert str(settings.cron_zone) == "Europe/Berlin"
    assert settings.tasks_engine == "embedded"

    with pytest.raises(SettingsError, match="set REDIS_URL"):
        load_settings({"TASKS_ENGINE": "saq"})

    there = {"TASKS_ENGINE": "saq", "REDIS_URL": "redis://127.0.0.1"}

    assert load_settings(there).tasks_engine == "saq"


def test_saq_has_to_be_installed(monkeypatch: pytest.MonkeyPatch):
    """The error says how."""
    monkeypatch.setattr("dashboard.setting_words.find_spec", lambda _: None)

    with pytest.raises(SettingsError, match="pip install 'saq>="):
        load_settings({"TASKS_ENGINE": "saq", "REDIS_URL": "redis://127.0.0.1"})

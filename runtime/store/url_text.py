"""The text of a PostgreSQL URL, read as its library reads it, to tell where a password stands; needs no driver."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from runtime.errors import InvalidInput, StoreUnavailable

SCHEMES = ("postgresql", "postgres")
HOW = (
    "It is written postgresql://USER:PASSWORD@HOST:PORT/DATABASE. In USER and PASSWORD every character but letters, "
    "digits, - . _ ~ is percent-encoded (@ is %40, / is %2F, : is %3A, % is %25); better, leave the password to "
    "PGPASSWORD or a .pgpass file."
)
SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_DOUBTFUL = re.compile(r"%(?![0-9A-Fa-f]{2})|[\x00-\x20\x7f]")
_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.%]*\]|[^\[\]:]*)(?::[0-9]*)?")
_KEY = re.compile(
    r"\b(?:host|hostaddr|port|dbname|user|password|passfile|service|sslmode|sslpassword|connect_timeout)\s*=",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"[^/\\@\s]+:.*@", re.DOTALL)


@dataclass(frozen=True, slots=True)
class UrlText:
    """A URL taken apart, nothing of it decoded."""

    scheme: str
    user: str
    password: str = field(repr=False)
    hosts: str
    database: str
    query: str = field(repr=False)

    @property
    def secrets(self) -> list[str]:
        """Every password in it, as written and as meant."""
        found = [self.password]
        for pair in self.query.split("&"):
            name, _, value = pair.partition("=")
            if unquote(name).strip().lower() in SECRETS:
                found.append(value)
        return [text for written in found if written for text in {written, unquote(written)}]


def read_url(url: str) -> UrlText:
    """Take a PostgreSQL URL apart.

    Nothing of a URL that is refused is shown.

    Raises:
        StoreUnavailable: the scheme is another.
        InvalidInput: it cannot be meant as it is written: an unescaped character of a password would be its end.
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in SCHEMES:
        named = f"There are no {scheme} stores" if _SCHEME.fullmatch(scheme) else "There are no such stores"
        raise StoreUnavailable(f"{named}; name a directory or a postgresql:// URL as --store.")
    login, hosts = "", rest
    # libpq looks for the end of user and password up to the first slash, whatever stands in between.
    if (end := re.search("[@/]", rest)) is not None and end[0] == "@":
        login, hosts = rest[: end.start()], rest[end.end() :]
    user, _, password = login.partition(":")
    place, _, query = hosts.partition("?")
    hosts, _, database = place.partition("/")
    found = UrlText(scheme, user, password, hosts, database, query)
    if (
        scheme not in SCHEMES
        or _DOUBTFUL.search(url)
        or "@" in place
        or "/" in database
        or not all(_PORT.fullmatch(host) for host in hosts.split(","))
        or not all("=" in pair and "=" not in pair.partition("=")[2] for pair in query.split("&") if query)
        or ("@" in query and not login and "password" not in query)
    ):
        raise InvalidInput(f"The store URL cannot be read. {HOW}")
    return found


def database_name(url: str) -> str:
    """The name of the database a URL leads to; empty if it does not say."""
    try:
        return unquote(read_url(url).database)
    except (InvalidInput, StoreUnavailable):
        return ""


def like_an_address(text: str) -> bool:
    """Whether a text that is no URL looks like the address of a database all the same."""
    return _KEY.search(text) is not None or _LOGIN.match(text) is not None


def refuse_settings(text: str) -> None:
    """Refuse what is meant as an address of a database, but is none, before it is taken for the name of a directory.

    Raises:
        InvalidInput: nothing of the text is shown, for it may hold a password.
    """
    if like_an_address(text):
        raise InvalidInput(f"--store is a directory or a URL, and what it is given looks like neither. {HOW}")

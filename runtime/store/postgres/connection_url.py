"""How a PostgreSQL store is reached, and how its address is shown: with what every session of ours sets."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runtime.errors import InvalidInput, StoreUnavailable
from runtime.store.url_text import HOW, SECRETS, read_url

CONNECT_SECONDS = 5
# A dead network is noticed in ten seconds, by us and by the server, so that nobody waits for a lock of the dead.
LINK: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
SESSION = {
    "search_path": "forkjoin",
    "timezone": "UTC",
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


def conninfo(url: str, *, read_only: bool = False) -> str:
    """The connection string for a URL, with our session settings; StoreUnavailable if it cannot be read."""
    _refuse_doubtful(url)
    session = {**SESSION, **({"default_transaction_read_only": "on"} if read_only else {})}
    try:
        known = conninfo_to_dict(url)
        if read_only and known.get("target_session_attrs") == "read-write":
            # The driver would refuse our own session for being read-only.
            known["target_session_attrs"] = "primary"
        options = " ".join([str(known.pop("options", "") or ""), *(f"-c {k}={v}" for k, v in session.items())])
        return make_conninfo(**{"application_name": "forkjoin", **LINK, **known, "options": options.strip()})
    except psycopg.Error as problem:
        # What the library says may quote a password; it is only told where there is none.
        told = "" if "://" in url and read_url(url).secrets else f": {' '.join(str(problem).split())}"
        raise StoreUnavailable(
            f"The store {shown(url)} cannot be read as a PostgreSQL URL{told.rstrip('.')}. {HOW}"
        ) from None


def _refuse_doubtful(url: str) -> None:
    if "://" in url:  # settings by name, as we make them ourselves, cannot be misread
        read_url(url)


def shown(url: str) -> str:
    """A URL as it may be shown: without its password."""
    try:
        _refuse_doubtful(url)
        known = conninfo_to_dict(url)
    except (psycopg.Error, InvalidInput, StoreUnavailable):
        return "postgresql://..."
    host, port = known.get("host") or "localhost", known.get("port")
    user = f"{known['user']}@" if known.get("user") else ""
    return f"postgresql://{user}{host}{f':{port}' if port else ''}/{known.get('dbname') or ''}"


def without_password(url: str) -> str:
    """A URL that connects like this one, its password apart."""
    try:
        _refuse_doubtful(url)
        known = {name: str(value) for name, value in conninfo_to_dict(url).items() if name not in SECRETS}
    except (psycopg.Error, InvalidInput, StoreUnavailable):
        return shown(url)
    user, host, port = (quote(known.pop(name, ""), safe="") for name in ("user", "host", "port"))
    database = quote(known.pop("dbname", ""), safe="")
    # A folder of sockets, or several hosts, stand in the query.
    plain = host.replace("-", "").replace(".", "").isalnum()
    place = f"{host}{f':{port}' if port else ''}" if plain else ""
    if not plain:
        known |= {name: unquote(value) for name, value in (("host", host), ("port", port)) if value}
    query = urlencode(known, quote_via=quote)
    return f"postgresql://{f'{user}@' if user else ''}{place}/{database}{f'?{query}' if query else ''}"

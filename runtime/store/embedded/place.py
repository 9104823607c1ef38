"""What stands in the place of an embedded store, looked at before anything is opened or made there."""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from runtime.errors import InvalidInput, StoreUnavailable
from runtime.store.private import refuse_open

STORE_FILE = "store.db"
LEFT_BEHIND = ("jobs", "simulated.db")
"""What a store has beside its file, and what is left of one whose file is gone."""
_LIKE_A_URL = re.compile(r"(postgres\w*|pgsql|psql)(:|//|;)", re.IGNORECASE)


def directory_at(text: str) -> Path:
    """The directory a text names; InvalidInput if no directory can be called that."""
    if _LIKE_A_URL.match(text):
        # Nothing of it is shown: it may hold a password.
        raise InvalidInput(
            "--store looks like a PostgreSQL URL with a mistake in it; it is written postgresql://USER@HOST/DATABASE."
        )
    if ("=" in text or "@" in text) and not os.path.isdir(text):
        from runtime.store.url_text import refuse_settings

        refuse_settings(text)
    if "\0" in text:
        raise InvalidInput("--store holds a NUL character; no directory can be called that.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"--store {text} is no text in UTF-8; name a directory whose name is.") from None
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InvalidInput(f"--store {text}: there is no such user, or no home directory is known.") from None


def store_is_there(directory: Path) -> bool:
    """Whether a store is in a directory; changes nothing.

    Raises StoreUnavailable where none can be, or where it cannot be seen whether one is.
    """
    try:
        if not stat.S_ISDIR(directory.stat().st_mode):
            raise StoreUnavailable(f"{directory} is a file, not the directory of a store. Name another --store.")
        found = (directory / STORE_FILE).stat()
    except OSError as problem:
        if problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            _refuse_crooked(directory)
            return False
        raise StoreUnavailable(_unseen(directory, problem)) from problem
    if not stat.S_ISREG(found.st_mode):
        raise StoreUnavailable(f"{directory / STORE_FILE} is no file, so {directory} holds no store. Name another.")
    if not os.access(directory / STORE_FILE, os.R_OK):
        raise StoreUnavailable(refusal(directory, "read"))
    refuse_open(directory)
    return found.st_size > 0 or os.path.exists(directory / f"{STORE_FILE}-wal")


def may_change(directory: Path) -> bool:
    """Whether we may write to the store in a directory: file and directory, for SQLite needs both."""
    return os.access(directory / STORE_FILE, os.W_OK) and os.access(directory, os.W_OK | os.X_OK)


def missing(directory: Path, *, read_only: bool = False) -> StoreUnavailable:
    """The error for a place without a store: what is there instead, and what to do."""
    names: list[str] = []
    with suppress(OSError):
        names = sorted(os.listdir(directory))
    if left := left_behind(directory):
        return StoreUnavailable(
            f"The store in {directory} has lost its {STORE_FILE}: {left} is there without it. Nothing was changed. "
            f"Put {STORE_FILE} back from a backup, or move {left} away and begin anew."
        )
    if not directory.is_dir():
        what = "there is no such directory"
    elif not names:
        what = "the directory is empty"
    else:
        what = f"the directory holds other files ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
    because = ", and a read-only session makes none" if read_only else ""
    return StoreUnavailable(
        f"There is no store in {directory}: {what}{because}. Nothing was made.{_near(directory)} "
        "Name the right one with --store or FORKJOIN_STORE; forkjoin start and forkjoin scheduler make a new one."
    )


def left_behind(directory: Path) -> str:
    """What is left in a directory of a store whose file is gone; empty if nothing is."""
    for name in LEFT_BEHIND:
        with suppress(OSError):
            path = directory / name
            if path.is_file() or (path.is_dir() and any(path.iterdir())):
                return name
    return ""


def refusal(directory: Path, verb: str) -> str:
    """Why we may not read or change what is in a directory: whose it is, or on what disk, and what to do."""
    for path in (directory / STORE_FILE, directory):
        try:
            found = path.stat()
        except OSError:
            continue
        if found.st_uid != os.geteuid() and os.geteuid() != 0:
            return (
                f"The store in {directory} belongs to {user_name(found.st_uid)}, and {user_name(os.geteuid())} may not "
                f"{verb} it. Work as its owner, have them do it, or name a store of your own with --store."
            )
        if verb == "change" and os.access(path, os.R_OK) and os.statvfs(path).f_flag & os.ST_RDONLY:
            return f"The store in {directory} lies on a disk that is mounted read-only: only reading commands work."
        if not os.access(path, os.R_OK if verb == "read" else os.W_OK):
            import shlex

            mode = stat.S_IMODE(found.st_mode)
            return (
                f"{path} is ours, but its mode {mode:o} does not let us {verb} it: chmod u+rwX {shlex.quote(str(path))}"
            )
    return f"The store in {directory} does not let us {verb} it. Check the disk and the owner."


def cannot_make(directory: Path, problem: OSError) -> StoreUnavailable:
    """The error for a store that could not be made."""
    above = next((path for path in (directory, *directory.parents) if os.path.isdir(path)), directory)
    whose = ""
    with suppress(OSError):
        whose = f" {above} belongs to {user_name(above.stat().st_uid)}."
    return StoreUnavailable(
        f"The store {directory} cannot be made: {problem.strerror or problem}.{whose} Check the path and its owner, "
        "or name another place with --store."
    )


def user_name(uid: int) -> str:
    """The name of a user, or the number if it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _refuse_crooked(directory: Path) -> None:
    """Refuse a way that can lead to no directory: over a file, or a link to nowhere."""
    for path in (*reversed(directory.parents), directory, directory / STORE_FILE):
        if path.is_symlink() and not os.path.exists(path):
            raise StoreUnavailable(f"{path} is a link to {os.readlink(path)}, which is not there. Mend it first.")
        if path.name != STORE_FILE and os.path.exists(path) and not os.path.isdir(path):
            raise StoreUnavailable(f"{path} is a file, so that no store can be in {directory}. Name another --store.")


def _unseen(directory: Path, problem: OSError) -> str:
    if problem.errno == errno.ENAMETOOLONG:
        return f"The name {directory} is too long for a directory; no store can be there. Name another --store."
    if problem.errno not in (errno.EACCES, errno.EPERM):
        return f"The store in {directory} cannot be looked at: {problem.strerror}. Check the disk and the path."
    for path in reversed(directory.parents):
        if path.is_dir() and not os.access(path, os.X_OK):
            return (
                f"{path} belongs to {user_name(path.stat().st_uid)}, and {user_name(os.geteuid())} may not look into "
                f"it, so the store in {directory} cannot be used. Work as its owner, or name another --store."
            )
    return refusal(directory, "read")


def _near(directory: Path) -> str:
    """Stores beside this place whose name is alike."""
    import difflib

    with suppress(OSError):
        beside = [entry.name for entry in os.scandir(directory.parent) if os.path.isfile(f"{entry.path}/{STORE_FILE}")]
        if close := difflib.get_close_matches(directory.name, beside, n=1):
            return f" Did you mean {directory.parent / close[0]}?"
    return ""

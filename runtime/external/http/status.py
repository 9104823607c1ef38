"""The meaning of a status in an answer: completed, failed, under way, or a word that is not listed."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from typing import Any

from runtime.external.http.binding import PollBinding
from runtime.safe_text import clean


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UNDER_WAY = _words(
    """
    aborting accepted acknowledged active assigned blocked building busy canceling cancelling claimed created
    deferred dispatched enqueued executing held initialising initializing initiated inprocess inprogress
    launching loading new notstarted ongoing onhold open paused pending polling preparing processing progressing
    provisioning queued queueing queuing received rescheduled reserved resuming retrying runnable running
    scheduled scheduling started starting stopping submitted submitting suspended terminating transferring
    underway unstarted updating uploading validating wait waiting working
    """
)
"""Words of job servers for work that goes on; compared without case, blanks, `_` and `-`."""
_ENDED_WELL = _words(
    """
    complete completed completedsuccessfully done end ended exited finish finished ok okay passed ready resolved
    succeed succeeded success successful
    """
)
_ENDED_BADLY = _words(
    """
    abandoned abort aborted bad broken canceled cancelled crashed dead declined denied error errored errors
    exception expired fail failed failure fatal invalid killed lost rejected stopped terminated timedout timeout
    unsuccessful upstreamfailed
    """
)
_SHOWN = 60


def is_listed(status: Any, listed: Sequence[Any]) -> bool:
    """Whether a status is among the values of a list; `true` is not 1."""
    return any(isinstance(status, bool) == isinstance(one, bool) and bool(status == one) for one in listed)


def doubt(status: Any, binding: PollBinding) -> str | None:
    """Why a status that is neither completed nor failed may not mean that the work goes on; None if it does."""
    if is_listed(status, binding.running) or (isinstance(status, str) and _plain(status) in UNDER_WAY):
        return None
    lists = f"neither in completed {_shown(binding.completed)} nor in failed {_shown(binding.failed)}"
    return f"unknown status {_shown(status)}, {lists}{_meant(status, binding)}"


def _meant(status: Any, binding: PollBinding) -> str:
    """The listed word, or the list, that was probably meant."""
    if not isinstance(status, str):
        return ""
    listed = {_plain(one): one for one in (*binding.completed, *binding.failed) if isinstance(one, str)}
    if near := difflib.get_close_matches(_plain(status), listed, n=1, cutoff=0.75):
        return f"; did the flow mean it by {_shown(listed[near[0]])}?"
    if _plain(status) in _ENDED_WELL:
        return "; it usually says that the work is completed"
    if _plain(status) in _ENDED_BADLY:
        return "; it usually says that the work failed"
    return ""


def _plain(word: str) -> str:
    return re.sub(r"[\W_]+", "", word).casefold()


def _shown(value: Any) -> str:
    text = json.dumps(value[:_SHOWN] if isinstance(value, str) else value, ensure_ascii=False)
    return clean(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...", _SHOWN)

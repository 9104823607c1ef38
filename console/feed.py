"""Reading and acting in threads of their own: the app's thread never waits for a store, a network or a file."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from console.change_watch import Listener, Watch
from console.messages import ReadDone, ReadFailed
from runtime.errors import StoreAway

if TYPE_CHECKING:
    from textual.message import Message

    from runtime.assembly.runtime import Runtime

T = TypeVar("T")
Post = Callable[["Message"], Any]
_Work = tuple[str, int, Callable[["Runtime"], Any], Callable[[Any], None], Callable[[Exception], None] | None]


class Brings(Enum):
    """What a question brings, so that keys typed after it wait for it."""

    ROWS = "rows"
    DIALOG = "dialog"


class Lane:
    """One thread with a runtime of its own. Of waiting questions of one topic only the newest is read."""

    def __init__(self, name: str, open_runtime: Callable[[], Runtime], post: Post, *, patient: bool = True) -> None:
        self._open = open_runtime
        self._patient = patient
        """Whether what could not be read because the store is away is kept until `release`."""
        self._held = False
        self._post = post
        self._waiting: OrderedDict[str, _Work] = OrderedDict()
        self._acts: deque[_Work] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def ask(
        self,
        topic: str,
        serial: int,
        work: Callable[[Runtime], T],
        receive: Callable[[T], None],
        fail: Callable[[Exception], None] | None = None,
        *,
        always: bool = False,
    ) -> None:
        """Have `work` done; `always` ones are never dropped and come in order."""
        with self._changed:
            if always:
                self._acts.append((topic, serial, work, receive, fail))
            else:
                self._waiting[topic] = (topic, serial, work, receive, fail)
            self._changed.notify()

    @property
    def idle(self) -> bool:
        """Whether nothing is asked or being read."""
        with self._changed:
            return not self._busy and not self._acts and (self._held or not self._waiting)

    def hold(self) -> None:
        """Read nothing for now; of what is asked meanwhile the newest of each topic is kept."""
        with self._changed:
            self._held = self._patient

    def release(self) -> None:
        """Read again, first what was kept."""
        with self._changed:
            self._held = False
            self._changed.notify()

    def end(self) -> None:
        """Take no more work; what is under way is left to its thread."""
        with self._changed:
            self._ended = True
            self._waiting.clear()
            self._changed.notify()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(seconds)

    def _next(self) -> _Work | None:
        with self._changed:
            self._busy = False
            while not self._acts and (self._held or not self._waiting):
                if self._ended:
                    return None
                self._changed.wait()
            self._busy = True
            if self._acts:
                return self._acts.popleft()
            return self._waiting.popitem(last=False)[1]

    def _keep(self, work: _Work) -> None:
        """Ask once in an outage: the question stays for later, unless a newer one of its topic came."""
        with self._changed:
            if self._patient and not self._ended:
                self._held = True
                self._waiting.setdefault(work[0], work)

    def _run(self) -> None:
        runtime: Runtime | None = None
        while (work := self._next()) is not None:
            topic, serial, read, receive, fail = work
            try:
                if runtime is None:
                    runtime = self._open()
                self._post(ReadDone(receive, read(runtime), topic, serial))
            except Exception as problem:
                if isinstance(problem, StoreAway):
                    self._keep(work)
                self._post(ReadFailed(topic, serial, problem, fail))
        if runtime is not None:
            runtime.close()


class Feed:
    """The lanes of a console: quick readings, slow readings, acts."""

    def __init__(
        self,
        open_reader: Callable[[], Runtime],
        open_actor: Callable[[], Runtime],
        post: Post,
        listener: Listener | None = None,
    ) -> None:
        self.watch = Watch(open_reader, post, listener) if listener is not None else None
        """Who waits for changes and tells the listener; None: the store is looked at when the app says so."""
        self._post = post
        self.quick = Lane("forkjoin-read", open_reader, post)
        self.slow = Lane("forkjoin-scan", open_reader, post)
        self.acting = Lane("forkjoin-act", open_actor, post, patient=False)
        self._serials: dict[str, int] = {}
        self._pending: dict[str, int] = {}
        """Topics whose newest question is not answered yet, with its number; of acts, how many."""
        self._brought: dict[str, Brings] = {}
        """Topics asked for by a key: what is typed next is meant for what they bring."""

    def read(
        self,
        topic: str,
        work: Callable[[Runtime], T],
        receive: Callable[[T], None],
        fail: Callable[[Exception], None] | None = None,
        *,
        slow: bool = False,
        brings: Brings | None = None,
    ) -> None:
        """Read in a thread; answers to an older question of the same topic are dropped.

        Keys typed after one that `brings` something wait for it.
        """
        serial = self._ask(topic)
        if brings is not None:
            self._brought[topic] = brings
        (self.slow if slow else self.quick).ask(topic, serial, work, receive, fail)

    def act(
        self,
        work: Callable[[Runtime], T],
        receive: Callable[[T], None],
        fail: Callable[[Exception], None] | None = None,
    ) -> None:
        """Change something in a thread; never dropped, never twice, in the order given."""
        self._pending["act"] = self._pending.get("act", 0) + 1
        self.acting.ask("act", 0, work, receive, fail, always=True)

    def rehearse(
        self,
        work: Callable[[Runtime], T],
        receive: Callable[[T], None],
        fail: Callable[[Exception], None] | None = None,
        *,
        topic: str = "rehearse",
    ) -> None:
        """Try something out in the acting thread; of several tries only the newest counts."""
        serial = self._ask(topic)
        self.acting.ask(topic, serial, work, receive, fail)

    def _ask(self, topic: str) -> int:
        serial = self._serials[topic] = self._pending[topic] = self._serials.get(topic, 0) + 1
        return serial

    def answered(self, topic: str, serial: int) -> None:
        """The app has taken an answer, or learnt that there is none."""
        if topic == "act":
            self._pending["act"] -= 1
        elif self._pending.get(topic) == serial:
            self._pending[topic] = 0
            self._brought.pop(topic, None)

    def pending(self, topic: str) -> bool:
        """Whether the newest question of a topic is not answered yet; of acts, whether one is under way."""
        return bool(self._pending.get(topic))

    def brings(self, what: Brings) -> bool:
        """Whether something of the kind, that a key asked for, is still to come."""
        return what in self._brought.values()

    def current(self, message: ReadDone) -> bool:
        """Whether an answer is to the newest question of its topic."""
        return message.topic == "act" or message.serial == self._serials.get(message.topic)

    def serial(self, topic: str) -> int:
        """Number of the newest question of a topic."""
        return self._serials.get(topic, 0)

    def begin(self) -> None:
        """Begin to watch."""
        if self.watch is not None:
            self.watch.start()

    def hold(self) -> None:
        """The store is away: no lane reads; acts are tried, and say what came of it."""
        for lane in (self.quick, self.slow):
            lane.hold()

    def release(self) -> None:
        """The store is back."""
        for lane in (self.quick, self.slow):
            lane.release()

    def forget(self, topic: str) -> None:
        """Drop the answer that is still to come on a topic."""
        self._serials[topic] = self._serials.get(topic, 0) + 1
        self._pending[topic] = 0
        self._brought.pop(topic, None)

    @property
    def idle(self) -> bool:
        """Whether nothing is being read or carried out."""
        return self.quick.idle and self.slow.idle and self.acting.idle

    def end(self) -> None:
        """End all lanes; an act under way is given two seconds."""
        for lane in (self.quick, self.slow, self.acting):
            lane.end()
        if self.watch is not None:
            self.watch.end()
        for lane in (self.acting, self.quick, self.slow):
            lane.join(2)

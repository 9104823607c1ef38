"""The console: a client of the store that shows, explains and asks; it does no work of runs itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.events import Event, Key, Paste, Resize
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input

from console.act_dispatch import ActDispatch
from console.commands.registry import BY_ID
from console.crash_guard import Guarded
from console.desk import Modes
from console.dialogs.base import Dialog
from console.drafts import Drafts
from console.feed import Feed
from console.focus import ScreenFocus
from console.frame import Frame
from console.here import Here
from console.key_bindings import bindings, keymap_of
from console.key_dispatch import Keys
from console.messages import ReadDone, ReadFailed, RowHighlighted, RowOpened, ShowMessage, StoreEvent
from console.options import SessionOptions
from console.palette import Menus
from console.receipts import Receipts
from console.refusals import refusals
from console.screens.base import NumberedScreen
from console.screens.registry import VIEWS
from console.screens.runs.screen import RunsView
from console.snapshot import Snapshot
from console.store_status import StoreStatus
from console.terminal import AppTerminal
from console.typed import Typed
from console.widgets.bar import Bar
from console.widgets.prompt import PromptLine

STATUS_SECONDS = 2.0
PARTS = ("header", "tabs", "banner", "message", "footer")
T = TypeVar("T")


class ForkjoinApp(Guarded, App[int]):
    """See everything, know why, repair by keyboard. Everything below knows it as the `Desk` alone."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = None

    def __init__(self, options: SessionOptions) -> None:
        super().__init__(ansi_color=True)
        self.options = options
        self.crash_log = options.crash_log
        self.modes = Modes()
        self.drafts = Drafts()
        self.keymap = keymap_of(options.keys)
        self.terminal = AppTerminal(self)
        self.focus = ScreenFocus(self, lambda: self.view.rows)
        self.status = StoreStatus(self, self)
        listener = self.status if options.watching else None
        self.feed = Feed(options.open_reader, options.open_actor, self.post_message, listener)
        self.receipts = Receipts(self, self.set_timer)
        self.acts = ActDispatch(self, self.receipts)
        self.menus = Menus(self)
        self.keys = Keys(self, self.keymap, self.report)
        self.typed = Typed(self)
        self.frame = Frame(self, self.status, self.receipts)

    def compose(self) -> ComposeResult:
        """Header, tabs, banner, screens, message, footer."""
        look, frame = self.options.look, self.frame
        yield Bar(look, frame.header, id="header")
        yield Bar(look, frame.tabs, id="tabs")
        yield Bar(look, frame.banner, id="banner")
        with ContentSwitcher(id="views", initial="view-runs"):
            for view in VIEWS:
                yield view(self, id=f"view-{view.screen_name.id}")
        yield Bar(look, frame.message, id="message")
        prompt = PromptLine(id="prompt")
        prompt.display = False
        yield prompt
        yield Bar(look, frame.footer, id="footer")

    def on_mount(self) -> None:
        """Begin to read."""
        self.theme = "ansi-dark"
        self.guard()
        self.keymap.bind(self)
        for view in self.query(NumberedScreen):
            view.shape(self.size.width, self.size.height)
        self.view.opened()
        self.view.screen.set_focus(self.view.rows)
        self.read_status()
        self.feed.begin()
        self.typed.begin()
        if self.options.refresh_seconds:
            self.set_interval(self.options.refresh_seconds, self.tick)
            self.set_interval(STATUS_SECONDS, self.read_status)

    async def on_unmount(self) -> None:
        """End the threads."""
        self.typed.end()
        self.feed.end()

    # The screens

    @property
    def view(self) -> NumberedScreen:
        """The numbered screen that is shown."""
        name = self.query_one("#views", ContentSwitcher).current
        return self.query_one(f"#{name}", NumberedScreen)

    @property
    def runs(self) -> RunsView:
        """The list of runs, shown or not."""
        return self.query_one(RunsView)

    def go_to(self, screen_id: str) -> None:
        """Show a numbered screen."""
        self.query_one("#views", ContentSwitcher).current = f"view-{screen_id}"
        self.view.shape(self.size.width, self.size.height)
        self.view.opened()
        self.view.screen.set_focus(self.view.rows)
        self.update_frame()

    def here(self) -> Here:
        """What the keys act on now, and what the session allows."""
        return replace(self.view.here(), refusals=refusals(self.options, self.snapshot, self.receipts))

    # Reading

    @property
    def snapshot(self) -> Snapshot:
        """What header, tabs and banner show."""
        return self.status.snapshot

    @property
    def store_away(self) -> bool:
        """Whether the store does not answer: what is shown is of an earlier time."""
        return self.status.stale

    def tick(self) -> None:
        """A second passed: draw times again; while the terminal has no focus, every fifth second only."""
        if not self.status.wanted():
            return
        self.view.tick()
        if isinstance(self.screen, Dialog) and self.screen.opened:
            self.screen.tick()
        self.update_frame()
        self.status.look()

    def on_app_blur(self) -> None:
        """The terminal lost the focus: draw less often."""
        self.status.looked_at(seen=False)

    def on_app_focus(self) -> None:
        """The terminal got the focus."""
        self.status.looked_at(seen=True)

    def store_changed(self) -> None:
        """The store changed: read again what is in sight, and what became of the acts of this session."""
        self.view.changed()
        self.receipts.changed()

    def store_returned(self) -> None:
        """The store can be reached again: a dialog works out its effect again."""
        if isinstance(self.screen, Dialog) and self.screen.opened:
            self.screen.rehearse()

    def read_status(self) -> None:
        """Read what header, tabs and banner show."""
        self.status.read()

    def read_failed(self, problem: Exception) -> None:
        """Show that reading failed, until it works again."""
        self.status.trouble(problem)

    def read_again(self) -> None:
        """Read everything in sight again, because the store was changed from here."""
        self.status.forget()
        self.view.changed()
        self.read_status()

    def on_store_event(self, message: StoreEvent) -> None:
        """The watching thread reports a change of the store."""
        message.take()

    def on_read_done(self, message: ReadDone) -> None:
        """A thread has read something."""
        if self.feed.current(message):
            message.receive(message.value)
        self.feed.answered(message.topic, message.serial)

    def on_read_failed(self, message: ReadFailed) -> None:
        """A thread could not read."""
        (message.fail or self.read_failed)(message.problem)
        self.feed.answered(message.topic, message.serial)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys belong to a dialog, and to a field with the focus, but for those that always work."""
        if action == "command" and (isinstance(self.screen, Dialog) or isinstance(self.focused, Input)):
            return BY_ID[str(parameters[0])].always
        return True

    async def on_event(self, event: Event) -> None:
        """Keys and pastes are queued; every other event is handled at once."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            self.typed.take(event)
        else:
            await super().on_event(event)

    async def handle_typed(self, event: Key | Paste) -> None:
        """Handle a key or a paste; its turn has come."""
        await super().on_event(event)

    def crash(self, problem: Exception) -> None:
        """End the console, because handling a key raised an exception."""
        self._handle_exception(problem)

    async def action_command(self, command_id: str) -> None:
        """A key of a command was pressed."""
        if await self.typed.ready_for(BY_ID[command_id]):
            self.keys.pressed(command_id)

    def perform(self, command_id: str, here: Here | None = None) -> None:
        """Do a command on `here`, by default what is under the cursor, or say why it cannot be done."""
        self.keys.perform(command_id, here)

    def on_row_highlighted(self, message: RowHighlighted) -> None:
        """The cursor moved."""
        self.view.chosen(message.rows)

    def on_row_opened(self, message: RowOpened) -> None:
        """Enter on a row."""
        self.view.entered(message.rows)

    def on_descendant_focus(self) -> None:
        """The focus moved."""
        self.focus.mark_active_rows()

    def on_resize(self, event: Resize) -> None:
        """Arrange the panes for the new size."""
        for view in self.query(NumberedScreen):
            view.shape(event.size.width, event.size.height)
        self.call_after_refresh(self.update_frame)

    # Dialogs, lines, sentences

    def open_dialog(self, dialog: Screen[T], take: Callable[[T | None], None] | None = None) -> None:
        """Open a dialog; `take` gets what was chosen, None if it was closed."""
        self.push_screen(dialog, take)

    def ask_line(
        self, sign: str, preset: str, take: Callable[[str], object], suggestions: Sequence[str] | None = None
    ) -> None:
        """Open the line above the footer; escape closes it, enter gives what was typed to `take`."""
        hint = "filter, like status:failed flow:media* is:lost wake<5m" if sign == "/" else "command"
        self.query_one("#message").display = False
        self.query_one(PromptLine).ask(preset, hint, take, suggestions)

    def on_prompt_line_closed(self) -> None:
        """The line is closed: the message takes its place again."""
        self.query_one("#message").display = True

    def on_show_message(self, message: ShowMessage) -> None:
        """A widget says something."""
        self.say(message.text, trouble=message.trouble)

    def say(self, text: str, *, trouble: bool = False) -> None:
        """Show a sentence on the line above the footer."""
        self.frame.say(text, trouble=trouble)
        self.update_frame("message")

    def update_frame(self, *names: str) -> None:
        """Draw these parts of the frame again, by default all; there are none while the console is being left."""
        for name in names or PARTS:
            for bar in self.query(f"#{name}").results(Bar):
                bar.update_lines()

    def leave(self) -> None:
        """Leave the console; runs and the scheduler go on (docs/console.md, Leaving)."""
        kept = "\n".join(f"What was edited and not saved is kept in {path}" for path in self.drafts.files)
        self.exit(0, message=Text(kept) if kept else None)

"""The console: a client of the store that shows, explains and asks; it does no work of runs itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.events import Event, Key, Paste, Resize
from textual.widgets import ContentSwitcher, Input

from console import frame
from console.act_dispatch import Dispatch
from console.commands.base import Here
from console.commands.registry import BY_ID
from console.crash_guard import Guarded
from console.dialogs.base import Dialog
from console.drafts import Drafts
from console.feed import Feed
from console.key_bindings import bindings, keymap_of
from console.key_dispatch import Keys
from console.messages import ReadDone, ReadFailed, RowHighlighted, RowOpened, ShowMessage, StoreEvent
from console.receipts import Receipts
from console.refusals import refusals
from console.screens.base import NumberedScreen
from console.screens.registry import VIEWS
from console.snapshot import Snapshot
from console.store_status import Around
from console.theme import Look
from console.times import Zone
from console.typed import Typed
from console.widgets.bar import Bar
from console.widgets.prompt import PromptLine
from console.widgets.rows import Rows

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime

REFRESH_SECONDS = 1.0
AROUND_SECONDS = 2.0


class ForkjoinApp(Guarded, App[int]):
    """See everything, know why, repair by keyboard."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Any]] = bindings()
    AUTO_FOCUS = None

    def __init__(
        self,
        open_reader: Callable[[], Runtime],
        open_actor: Callable[[], Runtime] | None = None,
        *,
        look: Look | None = None,
        store_name: str = "store",
        now: Callable[[], datetime],
        read_only: bool = False,
        restricted: bool = False,
        crash_log: Path | None = None,
        keys: Mapping[str, str] | None = None,
        start_scheduler: Callable[[], None] | None = None,
        driver: str = "forkjoin scheduler",
        refresh_seconds: float = REFRESH_SECONDS,
        watching: bool = True,
    ) -> None:
        super().__init__(ansi_color=True)
        self.look = look or Look()
        self.now = now
        self.store_name = store_name
        self.read_only = read_only
        self.restricted = restricted
        self.crash_log = crash_log
        self.zone = Zone.RELATIVE
        self.around = Around(self)
        self.message, self.message_is_trouble = "", False
        self.follow = False
        self.start_scheduler = start_scheduler
        self.driver = driver
        told = self.around if watching else None
        self.feed = Feed(open_reader, open_actor or open_reader, self.post_message, told)
        self.receipts = Receipts(self)
        self.dispatch_acts = Dispatch(self)
        self.keys = Keys(self)
        self.drafts = Drafts()
        self.typed = Typed(self)
        self._refresh_seconds = refresh_seconds
        self.keymap = keymap_of(keys or {})

    def compose(self) -> ComposeResult:
        """Header, tabs, banner, screens, message, footer."""
        yield Bar(self.look, lambda width: frame.header(self, width), id="header")
        yield Bar(self.look, lambda width: frame.tabs(self, width), id="tabs")
        yield Bar(self.look, lambda width: frame.banner(self, width), id="banner")
        with ContentSwitcher(id="views", initial="view-runs"):
            for view in VIEWS:
                yield view(self.look, id=f"view-{view.name_id}")
        yield Bar(self.look, lambda width: frame.message(self, width), id="message")
        prompt = PromptLine(id="prompt")
        prompt.display = False
        yield prompt
        yield Bar(self.look, lambda width: frame.footer(self, width), id="footer")

    def on_mount(self) -> None:
        """Begin to read."""
        self.theme = "ansi-dark"
        self.guard()
        self.keymap.bind(self)
        for view in self.query(NumberedScreen):
            view.shape(self.size.width, self.size.height)
        self.view.opened()
        self.view.screen.set_focus(self.view.rows)
        self.read_around()
        self.feed.begin()
        self.typed.begin()
        if self._refresh_seconds:
            self.set_interval(self._refresh_seconds, self.tick)
            self.set_interval(AROUND_SECONDS, self.read_around)

    async def on_unmount(self) -> None:
        """End the threads."""
        self.typed.end()
        self.feed.end()

    # The screens

    @property
    def view(self) -> NumberedScreen:
        """The numbered screen in sight."""
        name = self.query_one("#views", ContentSwitcher).current
        return self.query_one(f"#{name}", NumberedScreen)

    def go_to(self, name_id: str) -> None:
        """Bring a numbered screen into sight."""
        self.query_one("#views", ContentSwitcher).current = f"view-{name_id}"
        self.view.shape(self.size.width, self.size.height)
        self.view.opened()
        self.view.screen.set_focus(self.view.rows)
        self.update_chrome()

    def here(self) -> Here:
        """What the keys act on now, and what the session allows."""
        return replace(self.view.here(), keys=self.keymap, refusals=refusals(self))

    # Reading

    @property
    def snapshot(self) -> Snapshot:
        """What header, tabs and banner show."""
        return self.around.snapshot

    def tick(self) -> None:
        """A second passed: draw times anew; nobody looking, every fifth second only."""
        if not self.around.wanted():
            return
        self.view.tick()
        if isinstance(self.screen, Dialog):
            self.screen.tick()
        self.update_chrome()
        self.around.look()

    def on_app_blur(self) -> None:
        """Nobody looks: draw less often."""
        self.around.looked_at(seen=False)

    def on_app_focus(self) -> None:
        """Somebody looks again."""
        self.around.looked_at(seen=True)

    def on_store_event(self, message: StoreEvent) -> None:
        """The watch tells of the store."""
        message.take()

    def read_around(self) -> None:
        """Read what header, tabs and banner show."""
        self.around.read()

    def trouble(self, problem: Exception) -> None:
        """Reading failed: the header keeps saying so until it works again."""
        self.around.trouble(problem)

    def on_read_done(self, message: ReadDone) -> None:
        """A thread has read something."""
        if self.feed.current(message):
            message.receive(message.value)
        self.feed.answered(message.topic, message.serial)

    def on_read_failed(self, message: ReadFailed) -> None:
        """A thread could not read."""
        (message.fail or self.trouble)(message.problem)
        self.feed.answered(message.topic, message.serial)

    def on_show_message(self, message: ShowMessage) -> None:
        """A widget says something."""
        self.say(message.text, trouble=message.trouble)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys belong to a dialog, and to a field with the focus, but for those that always work."""
        if action == "command" and (isinstance(self.screen, Dialog) or isinstance(self.focused, Input)):
            return BY_ID[str(parameters[0])].always
        return True

    async def on_event(self, event: Event) -> None:
        """What is typed is put into a line; all else is handled as it comes."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            self.typed.take(event)
        else:
            await super().on_event(event)

    async def handle_typed(self, event: Key | Paste) -> None:
        """The turn of a key or a paste has come."""
        await super().on_event(event)

    async def action_command(self, command_id: str) -> None:
        """A key of a command was pressed."""
        if await self.typed.ready_for(BY_ID[command_id]):
            self.keys.pressed(command_id)

    def perform(self, command_id: str, here: Here | None = None) -> None:
        """Do a command on what is under the cursor, or say why not."""
        self.keys.perform(command_id, here)

    def on_row_highlighted(self, message: RowHighlighted) -> None:
        """The cursor moved."""
        self.view.chosen(message.rows)

    def on_row_opened(self, message: RowOpened) -> None:
        """Enter on a row."""
        self.view.entered(message.rows)

    def on_descendant_focus(self) -> None:
        """Only where the keys act is a row reversed."""
        for rows in self.screen.query(Rows):
            if rows.active != rows.has_focus:
                rows.active = rows.has_focus
                rows.refresh()

    def on_resize(self, event: Resize) -> None:
        """Arrange the panes for the new size."""
        for view in self.query(NumberedScreen):
            view.shape(event.size.width, event.size.height)
        self.call_after_refresh(self.update_chrome)

    # Acting

    def look_again(self) -> None:
        """What was changed is seen at once."""
        self.around.forget()
        self.view.changed()
        self.read_around()

    # Dialogs and typed lines

    def open_dialog(self, dialog: Dialog[Any], take: Callable[[Any], Any] | None = None) -> None:
        """Show a dialog; `take` gets what was chosen."""
        self.push_screen(dialog, take)

    def ask_line(
        self, sign: str, preset: str, take: Callable[[str], Any], suggestions: Sequence[str] | None = None
    ) -> None:
        """Ask for a line above the footer; escape leaves it."""
        hint = "filter, like status:failed flow:media* is:lost wake<5m" if sign == "/" else "command"
        self.query_one("#message").display = False
        self.query_one(PromptLine).ask(preset, hint, take, suggestions)

    def on_prompt_line_closed(self) -> None:
        """The line is away."""
        self.query_one("#message").display = True

    def filter_runs(self, where: str) -> None:
        """Show the runs that match."""
        self.go_to("runs")
        runs: Any = self.view
        runs.filter_by(where)

    def leave(self) -> None:
        """Quit; runs and the scheduler go on (docs/console.md, Leaving)."""
        kept = "\n".join(f"What was edited and not saved is kept in {path}" for path in self.drafts.files)
        self.exit(0, message=Text(kept) if kept else None)

    # What stands around the panes

    def say(self, text: str, *, trouble: bool = False) -> None:
        """Put a sentence on the line above the footer."""
        self.message, self.message_is_trouble = text, trouble
        self.update_chrome("message")

    def update_chrome(self, *names: str) -> None:
        """Everything around the panes, or some of it; none is left while the console is being left."""
        for name in names or ("header", "tabs", "banner", "message", "footer"):
            for bar in self.query(f"#{name}").results(Bar):
                bar.update_lines()

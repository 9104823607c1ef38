"""What keeps a console harmless: refused where there is no screen, restored whatever happens, silent about locals."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from rich.text import Text

HANGUP_SECONDS = 2.0
LOST_CHECK_SECONDS = 2.0


def unusable(env: Mapping[str, str] | None = None) -> str | None:
    """Why no full-screen console can run here, or None."""
    env = os.environ if env is None else env
    if not (sys.__stdin__ and sys.__stdin__.isatty() and sys.__stderr__ and sys.__stderr__.isatty()):
        return "There is no terminal to draw on; forkjoin list shows the runs, forkjoin why RUN explains one."
    term = env.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return f"TERM={term or 'is not set'}: this terminal cannot draw a screen; forkjoin list shows the runs."
    return None


def prepare(env: MutableMapping[str, str], *, slow_link: bool) -> bool:
    """Set the environment before Textual is imported; gives whether colours may be used.

    Foreign `TEXTUAL_*` variables are dropped. NO_COLOR is taken out, because Textual turns its ANSI themes black on
    black under it; our own styles then use none.
    """
    for name in [n for n in env if n.startswith("TEXTUAL")]:
        del env[name]
    for name in ("COLUMNS", "LINES"):
        # A size somebody exported would hide the real one, and every resize.
        env.pop(name, None)
    colour = not env.pop("NO_COLOR", "")
    env["TEXTUAL_ANIMATIONS"] = "none"
    env["TEXTUAL_SMOOTH_SCROLL"] = "0"
    if slow_link:
        env["TEXTUAL_COLOR_SYSTEM"] = "standard"
        env["TEXTUAL_FPS"] = "10"
    return colour


def ascii_only(env: Mapping[str, str] | None = None) -> bool:
    """Whether this terminal shows ASCII only: its locale or TERM say so."""
    env = os.environ if env is None else env
    encoding = (getattr(sys.__stderr__, "encoding", "") or "").lower().replace("-", "")
    locale = next((env[k] for k in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(k)), "")
    return encoding != "utf8" or env.get("TERM") == "linux" or (bool(locale) and "utf" not in locale.lower())


class Guarded:
    """Mixed into the app, before Textual's class."""

    crash_log: Path | None = None
    """Where a crash is written, without local variables; None writes nothing (read-only sessions)."""

    def get_driver_class(self) -> Any:
        """The terminal's driver, which no byte can end."""
        from console.terminal_driver import TerminalDriver

        return TerminalDriver

    def _fatal_error(self) -> None:
        """Textual's own would print every local variable, payloads and secrets among them, to the scrollback."""
        problem = sys.exc_info()[1]
        where = self.report(problem)
        app: Any = self
        app._exit_renderables.append(
            Text(f"The console met a problem of its own and closed: {type(problem).__name__}{where}. The runs go on.")
        )
        app._return_code = 5
        app._close_messages_no_wait()

    def report(self, problem: BaseException | None) -> str:
        """Write a problem of our own down, without local variables; gives where it can be read."""
        if self.crash_log is None:
            return ""
        try:
            handle = os.open(self.crash_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(time.strftime("%Y-%m-%dT%H:%M:%S ") + "".join(traceback.format_exception(problem)))
            return f"; {self.crash_log} says more"
        except OSError as trouble:
            return f"; its report could not be written: {trouble}"

    def guard(self) -> None:
        """Handle signals and a terminal that goes away; to be called when the app is mounted."""
        app: Any = self
        if threading.current_thread() is not threading.main_thread() or app.is_headless:
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, app.exit, None, 143)
        loop.add_signal_handler(signal.SIGHUP, self.hang_up)
        app.set_interval(LOST_CHECK_SECONDS, self._look_for_terminal)
        # Without a full repaint the screen stays blank after fg.
        app.app_resume_signal.subscribe(app, lambda _: app.refresh(layout=True))

    def hang_up(self) -> None:
        """The terminal is gone: end, without waiting for a writer that nobody reads."""
        app: Any = self
        ending = threading.Timer(HANGUP_SECONDS, os._exit, [129])
        ending.daemon = True
        ending.start()
        app.exit(None, 129)

    def _look_for_terminal(self) -> None:
        stdin = sys.__stdin__
        if stdin is None or stdin.closed or not os.isatty(stdin.fileno()):
            self.hang_up()

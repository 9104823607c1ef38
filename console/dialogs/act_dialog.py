"""The dialog of every act: what, asked, choices, fields, effect, reason, the equal command, two buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input

from console.dialogs import fields
from console.dialogs.act_form import TYPE_ABOVE, Answers, Plan, shell, with_reason
from console.dialogs.base import Dialog
from console.dialogs.inquiry import Inquiry
from console.theme import Line, fit, wrapped
from console.widgets.bar import Bar
from console.widgets.line import LineInput
from console.widgets.push import Push, Toggle
from console.widgets.rows import Lines, Rows
from runtime.errors import ForkjoinError
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Question, Receipt

LABEL = 10
SHOWN = 2_000
"""The longest equal command that is shown."""


class ActDialog(Dialog[None]):
    """Shows an act before it is given; enter acts only on a button."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding(str(n), f"option({n - 1})", f"choice {n}", show=False) for n in range(1, 7)
    ] + [Binding("down,j", "move(1)", show=False), Binding("up,k", "move(-1)", show=False)]

    def __init__(self, desk: Desk, plan: Plan) -> None:
        super().__init__(desk)
        self.plan = plan
        self.options = plan.options
        self._chosen = False
        """Whether the operator chose the option."""
        presets = [o.value for o in plan.options]
        self.option = plan.preset or next(
            (o.value for o in plan.options if not o.problem), presets[0] if presets else ""
        )
        self.effects: tuple[str, ...] = ()
        self.refusal = ""
        self.problems: list[str] = []
        self.inquiry: Inquiry | None = None
        self._sent = False

    def compose(self) -> ComposeResult:
        """Top to bottom as docs/console.md, Layout says."""
        with VerticalScroll(id="body", can_focus=False):
            yield Bar(self.look, self._facts, id="facts")
            if self.plan.options:
                rows = Rows(self.look, id="options")
                rows.styles.height = len(self.plan.options)
                yield rows
            for one in self.plan.fields:
                yield from fields.compose_field(self.look, one)
            yield Bar(self.look, self._effects, id="effects")
            with Horizontal(classes="field"):
                yield Bar(self.look, lambda width: [(("Reason", "bold"),)], classes="label")
                yield LineInput(id="reason", compact=True, select_on_focus=False)
            if self.plan.number > TYPE_ABOVE:
                with Horizontal(classes="field"):
                    yield Bar(self.look, lambda width: [(("Number", "bold"),)], classes="label")
                    yield LineInput(id="number", compact=True, placeholder=f"type {self.plan.number} to go on")
            yield Bar(self.look, self._command, id="command")
            with Horizontal(classes="buttons"):
                yield Push(self.look, self.plan.keep, id="keep")
                yield Push(self.look, self.plan.do, id="do")

    def fill(self) -> None:
        """Focus on the choices, rehearse, ask."""
        self._draw_options()
        wanted = next((fields.widget_id(f) for f in self.plan.fields if f.required and not f.preset), "options")
        first = self.query(f"#{wanted}, .field Toggle, .field Input" if wanted == "options" else f"#{wanted}").first()
        # At once: a key pressed right after must not find the focus elsewhere.
        self.set_focus(first)
        self.rehearse()
        if self.plan.ask is not None:
            self.inquiry = Inquiry(self, *self.plan.ask, self.plan.ask_kind)
            self._redraw()

    def reads(self) -> bool:
        """At a button: whether it is not known yet what the act would do."""
        return isinstance(self.focused, Push) and self.desk.feed.pending("rehearse")

    # What is shown

    def _facts(self, width: int) -> list[Line]:
        lines = [self.title_line(self.plan.title, width)]
        facts = [*self.plan.facts, *([("Asked", self.inquiry.text)] if self.inquiry is not None else [])]
        for label, text in facts:
            for number, part in enumerate(wrapped(clean(text, 1_500), width - LABEL - 1)):
                lines.append(((fit(label if number == 0 else "", LABEL), "bold"), *part))
        return lines

    def _draw_options(self) -> None:
        if not self.plan.options:
            return
        lines: list[Line] = []
        for number, one in enumerate(self.options, 1):
            label = fit(self.plan.options_label if number == 1 else "", LABEL)
            mark = "   " if one.problem else "(*)" if one.value == self.option else "( )"
            told = one.problem or one.text
            lines.append(
                ((label, "bold"), (f"{mark} {number} {one.value:<13} {clean(told, 300)}", "dim" if one.problem else ""))
            )
        rows = self.query_one("#options", Rows)
        rows.show(Lines(lines, [o.value for o in self.options]), at=self.option)

    def _effects(self, width: int) -> list[Line]:
        if self.refusal:
            parts = [(f"Refused: {self.refusal}", "bold")]
        elif self.problems:
            parts = [("; ".join(self.problems), "bold")]
        else:
            parts = [(text, "") for text in self.effects or ("...",)]
        lines: list[Line] = []
        for text, style in parts[:12]:
            for part in wrapped(clean(text, 1_000), width - LABEL - 1):
                lines.append(((fit("Effect" if not lines else "", LABEL), "bold"), (part[0][0], style)))
        if len(parts) > 12:
            lines.append(((" " * LABEL, ""), (f"and {len(parts) - 12} more", "dim")))
        return lines

    def _command(self, width: int) -> list[Line]:
        answers, _ = self.answers()
        line = shell(with_reason(self.plan.command(answers), answers))
        if len(line) > SHOWN:  # A part of a command would do something else.
            log = self.desk.keymap.shown("command_log")
            line = f"a command of {len(line):,} characters; {log} shows and copies it once it is given"
        text = clean(line, SHOWN)
        parts = wrapped(text, width - LABEL - 1)
        return [((fit("Same as" if n == 0 else "", LABEL), "bold"), *part) for n, part in enumerate(parts)]

    # What is answered

    def answers(self) -> tuple[Answers, list[str]]:
        """What was filled in, and what is still wrong with it."""
        values, problems = fields.read(self, self.plan.fields)
        typed = self.query("#reason")
        reason = typed.first(Input).value.strip() if typed else ""
        if self.options and not self.option:
            problems.append(f"nothing is chosen at {self.plan.options_label}")
        return Answers(self.option, values, reason), problems

    def rehearse(self) -> None:
        """A dry run of what is filled in: its effect, or why it is refused."""
        answers, problems = self.answers()
        self.problems = problems
        self._redraw()
        if self.problems:
            return

        def work(runtime: Runtime) -> Receipt:
            return self.plan.rehearse(runtime, answers)

        self.desk.feed.rehearse(work, self._take_effects, self._take_refusal)

    def _take_effects(self, receipt: Receipt) -> None:
        self.effects, self.refusal = receipt.effects or (receipt.message,), ""
        self._redraw()

    def _take_refusal(self, problem: Exception) -> None:
        self.refusal = problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
        self._redraw()

    def _redraw(self) -> None:
        if not self.query("#command"):
            return
        for bar in self.query(Bar):
            bar.update_lines()
        fields.mark(self, self.plan.fields)

    # Keys

    def action_option(self, place: int) -> None:
        """Choose by number."""
        if place < len(self.options) and not self.options[place].problem:
            self.option, self._chosen = self.options[place].value, True
            self._draw_options()
            self.rehearse()

    def action_move(self, by: int) -> None:
        """Up and down choose where the choices have the focus, else move on."""
        options = [o.value for o in self.options if not o.problem]
        if options and isinstance(self.focused, Rows):
            place = options.index(self.option) + by if self.option in options else 0
            self.option, self._chosen = options[max(0, min(place, len(options) - 1))], True
            self._draw_options()
            self.rehearse()
        elif by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Something was typed."""
        if event.input.id in ("reason", "number"):
            self._redraw()
        else:
            self.rehearse()

    def on_toggle_changed(self, event: Toggle.Changed) -> None:
        """Something was chosen."""
        self.rehearse()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes on to the next; it never acts."""
        self.focus_next()

    def on_push_pressed(self, event: Push.Pressed) -> None:
        """Keep, or do it once."""
        if event.push.id == "keep":
            self.action_close()
            return
        answers, problems = self.answers()
        if self.plan.reason_needed and not answers.reason:
            problems.append("a reason is needed")
        number = self.plan.number
        if number > TYPE_ABOVE and self.query_one("#number", Input).value.strip() != str(number):
            problems.append(f"{number} runs are concerned: type {number} to go on")
        if problems or self.refusal:
            self.problems = problems
            self._redraw()
            wrong = problems[0] if problems else self.refusal
            self.desk.say(wrong, trouble=True)
            return
        if self._sent:
            return
        self._sent = True
        plan = self.plan
        self.desk.acts.carry_out(
            lambda runtime: plan.carry_out(runtime, answers),
            with_reason(plan.command(answers), answers),
            kept=plan.kept,
            finished=plan.finished,
        )
        self.dismiss(None)

    # What the external system says

    def tick(self) -> None:
        """A second passed: look for the answer."""
        if self.inquiry is not None:
            self.inquiry.look()

    def answered(self, question: Question) -> None:
        """Leave out the options the answer has ruled out; a choice and a text of the operator stay if they can."""
        if self.plan.asked is not None:
            self.options, preset = self.plan.asked(question)
            if not self._chosen or self.option not in [o.value for o in self.options if not o.problem]:
                self.option = preset
            self._draw_options()
        fields.fill(self, self.plan.fields, self.plan.fill(question) if self.plan.fill is not None else {})
        self.rehearse()

    def told(self) -> None:
        """What is said of the question has changed."""
        self._redraw()

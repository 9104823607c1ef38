"""Acts on files: the store as plain JSON, out and in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.commands.base import Command, Group, Possible
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers, Field, Option, Plan
from console.here import Here
from runtime.errors import Refused
from runtime.operations.records import Receipt

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.assembly.runtime import Runtime

HEALTH = frozenset({"health"})


def _path(answers: Answers) -> Path:
    return Path(str(answers.values.get("file", ""))).expanduser()


class Export(Command):
    """Writes the whole store as the plain JSON file that stock TinyDB opens. Asks first."""

    id = "export"
    group = Group.ACT
    screens = HEALTH
    writes = True
    cli = "forkjoin export forkjoin-export.json"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Not in sessions that read and write no files."""
        text = here.refusals.get(cls.id)
        return Possible(text is None, text or cls.text())

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Ask for the file."""

        def rehearse(runtime: Runtime, answers: Answers) -> Receipt:
            path = _path(answers)
            if path.exists() and answers.option != "replace":
                raise Refused(f"{path} is there already; the other choice replaces it.")
            already = "it is there already and is replaced" if path.exists() else "it is made"
            return Receipt(
                f"Would write {path}.", (f"{sum(runtime.queries.records.counts().values()):,} runs; {already}.",)
            )

        def carry_out(runtime: Runtime, answers: Answers) -> Receipt:
            count = runtime.transfer.export(_path(answers), force=answers.option == "replace")
            return Receipt(f"Exported {count:,} documents to {_path(answers)}.")

        options = (Option("new", "only if no such file is there"), Option("replace", "replace the file if it is there"))
        _ask(desk, "Export the store", "Write the file", rehearse, carry_out, "export", options)


class Import(Command):
    """Reads an exported file into this store; open runs come held. Asks first."""

    id = "import"
    group = Group.ACT
    screens = HEALTH
    writes = True
    cli = "forkjoin import forkjoin-export.json"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Not in sessions that read and write no files."""
        text = here.refusals.get(cls.id)
        return Possible(text is None, text or cls.text())

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Ask for the file, and whether it is added to the runs there are."""

        def rehearse(runtime: Runtime, answers: Answers) -> Receipt:
            if runtime.queries.records.counts() and answers.option != "merge":
                raise Refused("This store has runs already; merge adds the imported ones to them.")
            size = _path(answers).stat().st_size if _path(answers).exists() else None
            told = "there is no such file" if size is None else f"{size:,} bytes; open runs come held"
            return Receipt(f"Would read {_path(answers)}.", (f"{_path(answers)}: {told}.",))

        def carry_out(runtime: Runtime, answers: Answers) -> Receipt:
            merge = answers.option == "merge"
            count = runtime.transfer.import_file(_path(answers), merge=merge, live=False)
            return Receipt(f"Imported {count:,} documents from {_path(answers)}.")

        options = (Option("empty", "only into a store without runs"), Option("merge", "add to the runs there are"))
        _ask(desk, "Import a store", "Read the file", rehearse, carry_out, "import", options)


def _ask(
    desk: Desk,
    title: str,
    do: str,
    rehearse: Callable[[Runtime, Answers], Receipt],
    carry_out: Callable[[Runtime, Answers], Receipt],
    verb: str,
    options: tuple[Option, ...],
) -> None:
    if desk.options.restricted:
        desk.say(f"This session reads and writes no files. From a shell: forkjoin {verb} FILE", trouble=True)
        return

    def command(answers: Answers) -> tuple[str, ...]:
        more = {"merge": ("--merge",), "replace": ("--force",)}.get(answers.option, ())
        return ("forkjoin", verb, str(_path(answers)), *more)

    plan = Plan(
        title,
        do,
        rehearse,
        carry_out,
        command,
        keep="Not now",
        options_label="Into",
        options=options,
        preset=options[0].value if options else "",
        fields=(Field("file", "file", "text", required=True, hint="path of a JSON file"),),
    )
    desk.open_dialog(ActDialog(desk, plan))


COMMANDS: tuple[type[Command], ...] = (Export, Import)

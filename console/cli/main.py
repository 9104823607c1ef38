"""The entry point: every command, and one place where errors become a sentence and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from console.cli.groups import NamedGroup
from console.cli.options import common
from console.cli.session import Session
from console.cli.ways import refuse_strange_ways, ways
from runtime.acts.registry import ACTS
from runtime.errors import FlowProblems, ForkjoinError, InvalidInput
from runtime.safe_text import clean, encodable

INTERRUPTED = 130
READER_GONE = 141


WHERE = {
    "runs": "list show why history",
    "branches": "polls logs find",
    "holds": "holds",
    "acts": "acts bulk",
    "start": "start",
    "flows": "flows validate graph scaffold",
    "schedules": "schedule",
    "scheduler": "scheduler worker wakes",
    "transfer": "export import",
    "doctor": "doctor",
    "store": "store",
    "console": "console",
    "demo": "demo",
}
MODULES = {name: module for module, names in WHERE.items() for name in names.split()}
DERIVED = frozenset(verb for verb in ACTS if " " not in verb and verb not in MODULES)
"""Commands that are derived from the declaration of an act; verbs of two words belong to groups."""
NAMES = tuple(sorted({*MODULES, *DERIVED}))


class LazyGroup(NamedGroup):
    """Imports the module of a command only when the command is asked for, so that reading stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name in DERIVED:
            from console.cli.act_commands import command_of

            return command_of(cmd_name)
        if cmd_name not in MODULES:
            return None
        module = import_module(f"console.cli.{MODULES[cmd_name]}")
        return next((c for c in module.COMMANDS if c.name == cmd_name), None)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@common
@ways
@click.version_option(package_name="forkjoin-console", prog_name="forkjoin")
@click.pass_context
def cli(context: click.Context) -> None:
    """Start, watch and repair fork-join workflows of long-running external work."""
    refuse_strange_ways(context.obj, context.invoked_subcommand)
    if context.invoked_subcommand is None:
        from console.cli.console import console

        context.invoke(console)


def run(arguments: list[str] | None = None) -> int:
    """Run one command line; gives its exit code."""
    one = Session()
    try:
        _refuse_broken(sys.argv[1:] if arguments is None else arguments)
        result: Any = cli.main(args=arguments, prog_name="forkjoin", standalone_mode=False, obj=one)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as asked:
        return int(asked.exit_code)
    except click.exceptions.Abort:
        return _fail("Interrupted.", INTERRUPTED)
    except KeyboardInterrupt:
        return _fail("Interrupted.", INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as asked:
        # A group alone does nothing: its help says what it has, on stderr, because no command was given.
        _write(asked.format_message())
        return 2
    except click.ClickException as problem:
        return _fail(problem.format_message() + " forkjoin --help lists all commands.", 2)
    except ForkjoinError as problem:
        from console.cli.advised import advised

        _problems(problem)
        return _fail(advised(problem.message, one.overrides, NAMES), problem.exit_code)
    except (BrokenPipeError, SystemExit):
        # Nobody reads any more; click turns a broken pipe into an exit of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except RecursionError:
        return _fail("A value is nested too deeply to be shown or used; forkjoin doctor --deep names it.", 5)
    except OSError as problem:
        what = clean(str(problem.filename), 120) if problem.filename else "A file"
        said = problem.strerror or type(problem).__name__
        return _fail(f"{what} cannot be used: {said}. Check the name and its permissions.", 2 if _named(problem) else 5)
    except Exception as problem:
        if "debug" in (one.overrides.get("log_level"), os.environ.get("FORKJOIN_LOG_LEVEL")):
            import traceback

            traceback.print_exc()
        return _fail(
            f"forkjoin met a problem of its own: {type(problem).__name__}: {problem}. --log-level debug shows more.", 5
        )
    finally:
        one.close()


def _named(problem: OSError) -> bool:
    """Whether the name that was given is what is wrong, not the disk."""
    return problem.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EINVAL)


def _refuse_broken(arguments: list[str]) -> None:
    """Refuse bytes that are no text; only the name of something that is there may hold them."""
    for argument in arguments:
        if not _is_text(argument) and not os.path.exists(argument):
            raise InvalidInput(f"{clean(argument)} is no text in UTF-8; nothing was changed.")


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _problems(problem: ForkjoinError) -> None:
    for found in problem.problems if isinstance(problem, FlowProblems) else ():
        _write(f"  {found.code}  {clean(found.path)}  {clean(found.message, 1_000)}")


def _fail(message: str, code: int) -> int:
    _write(clean(message, 4_000))
    return code


def _write(text: str) -> None:
    sys.stderr.write(encodable(text, sys.stderr.encoding) + "\n")


def main() -> NoReturn:
    """The `forkjoin` command; entered with the garbage collector off, for all that is loaded until here stays."""
    gc.freeze()
    gc.enable()
    code = run()
    # The last collections of a process look through all that was loaded, and free what the system frees anyway.
    gc.freeze()
    sys.exit(code)

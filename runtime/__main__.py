"""`python -m runtime`: the headless scheduler."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the scheduler with the settings of the environment; gives the exit code."""
    from runtime.assembly.driving import run_scheduler
    from runtime.errors import ForkjoinError
    from runtime.log_lines import configure
    from runtime.safe_text import clean
    from runtime.settings import Settings

    arguments = sys.argv[1:]
    unknown = [a for a in arguments if a not in ("--attached", "--until-idle")]
    if unknown:
        sys.stderr.write(f"python -m runtime knows --until-idle and --attached, not {clean(unknown[0])}.\n")
        return 2
    try:
        settings = Settings.load()
        configure(settings.log_level, settings.log_format)
        return run_scheduler(settings, until_idle="--until-idle" in arguments, attached="--attached" in arguments)
    except ForkjoinError as problem:
        sys.stderr.write(clean(problem.message, 4_000) + "\n")
        return problem.exit_code


if __name__ == "__main__":
    sys.exit(main())

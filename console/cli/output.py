"""What every command that changes something says: its receipt, who carries it out, what differs there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.session import progress, session
from console.format import say
from runtime.safe_text import clean, json_text

if TYPE_CHECKING:
    from runtime.operations.receipts import Receipt


def print_receipt(receipt: Receipt, *, as_json: bool) -> None:
    """Say what an act changed."""
    if as_json:
        from runtime.operations.queries.views import act_view, list_view

        say(
            json_text(
                {
                    "message": receipt.message,
                    "dry_run": receipt.dry_run,
                    "effects": list(receipt.effects),
                    "act": act_view(receipt.act) if receipt.act else None,
                    "run": list_view(receipt.run) if receipt.run else None,
                }
            )
        )
    else:
        say(clean(receipt.message, 2_000))
        for effect in receipt.effects:
            say("  " + clean(effect, 2_000))
    print_who_wakes(receipt)


def print_who_wakes(receipt: Receipt) -> None:
    """Say, beside the answer, who carries out what an act asked for, unless a scheduler that stays does."""
    from runtime.assembly.leaving import who_wakes
    from runtime.operations.waking import needs_waking

    if needs_waking(receipt) and (sentence := who_wakes(session().runtime)):
        progress(sentence)


def print_environment_note(run_id: str | None = None) -> None:
    """Say on stderr if a scheduler at work has other values for variables that flows name."""
    if note := session().runtime.queries.other_environment(run_id):
        progress(note)


def print_made_run(receipt: Receipt, *, as_json: bool) -> None:
    """Say which run an act made; with `as_json` the run itself."""
    made = receipt.run if not receipt.dry_run else None
    if made is not None:
        print_environment_note(made.id)
    if as_json and made is not None:
        say(json_text(session().runtime.json_views.show(made.id)))
        print_who_wakes(receipt)
    else:
        print_receipt(receipt, as_json=as_json)

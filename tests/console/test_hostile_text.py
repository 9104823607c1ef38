"""Text from outside is shown, never interpreted: one table of nasty strings goes through every screen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.console.world import World, console, story

NASTY = {
    "closing markup": "[/]",
    "closing unknown markup": "[/foo] [/red]",
    "link that acts": "[@click=app.quit]here[/]",
    "json in brackets": '[{"a": [1, 2]}]',
    "escape sequences": "\x1b[2J\x1b[31mred\x1b]0;owned\x07\x1b]52;c;aGk=\x07",
    "c1 controls": "\x9b31m\x90q\x9c",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069",
    "zero width and tags": "a\u200bb\ufeff\U000e0041",
    "combining": "z" + "\u0301" * 40,
    "newlines and tabs": "one\ntwo\r\nthree\tfour\x00five",
    "wide and emoji": "日本語 👩‍👩‍👧 ﷽",
    "very long": "x" * 100_000,
    "template": "${state.secret} %s {0} \\n $(reboot) `reboot`",
}
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
PANES = ("why", "branches", "failure", "timeline", "graph", "history", "polls", "logs", "state")


def workflow(folder: Path, text: str) -> None:
    """A workflow whose every text is hostile, and which fails."""
    name = folder / "hostile"
    name.mkdir(parents=True)
    flow = {
        "id": "hostile",
        "name": text[:200],
        "version": "1",
        "globalStateSchema": {"type": "object", "properties": {}},
        "globalState": {"note": text, "deep": {text[:50]: [text[:200]]}},
        "steps": [
            {"id": "begin", "name": "b", "type": "begin"},
            {
                "id": "work",
                "name": text[:200],
                "type": "task",
                "metadata": {
                    "task": {"system": "simulated", "duration": 1, "outcome": "failed", "error": "${state.note}"},
                    "poll": {"interval": "1 second"},
                    "runbook": text[:500],
                    "owner": text[:100],
                },
            },
            {
                "id": "ask",
                "name": "a",
                "type": "waitForEvent",
                "metadata": {"event": text[:60]},
                "eventOutputSchema": {"type": "object", "properties": {text[:40]: {"type": "string"}}},
            },
            {"id": "end", "name": "e", "type": "end"},
        ],
        "connections": [
            {"id": "1", "sourceStepId": "begin", "targetStepId": "work"},
            {"id": "2", "sourceStepId": "begin", "targetStepId": "ask"},
            {"id": "3", "sourceStepId": "work", "targetStepId": "end"},
            {"id": "4", "sourceStepId": "ask", "targetStepId": "end"},
        ],
    }
    (name / "flow.json").write_text(json.dumps(flow), encoding="utf-8")


@pytest.mark.parametrize("kind", NASTY)
def test_every_screen_shows_it_and_does_nothing_else(kind: str, tmp_path: Path) -> None:
    text = NASTY[kind]

    async def told() -> None:
        workflow(tmp_path / "flows", text)
        world = World(tmp_path / "store", workflows=tmp_path / "flows")
        commands = world.runtime.commands
        commands.start("hostile", {}, "h-1", {"label": text[:200]})
        await world.run_for(3)
        async with console(world, (120, 40)) as desk:
            seen: list[str] = [desk.screen]
            for pane in PANES:
                desk.app.view.open_page(pane)  # type: ignore[attr-defined]
                await desk.settle()
                seen.append(desk.screen)
            await desk.press("escape")
            for key in ("R", "S", "C", "P", "A", "W", "H", "a", "question_mark", "y", "ctrl+p"):
                seen.append(await desk.press(key))
                if len(desk.app.screen_stack) > 1:
                    seen.append(await desk.press("escape"))
            desk.app.say(text)
            await desk.settle()
            seen.append(desk.screen)
            commands.hold("all", reason=text[:300])
            commands.ack("h-1", note=text[:300], reason=text[:300])
            await desk.look()
            seen += [await desk.press(key) for key in "2345671"]
            for screen in seen:
                assert FORBIDDEN.search(screen) is None, repr(FORBIDDEN.search(screen))
            whole = "".join(seen)
            if kind in ("closing markup", "link that acts", "json in brackets", "template"):
                assert text[:20] in whole, "it is shown as it came"
            assert desk.app.is_running
            assert [a.verb for a in world.runtime.store.acts.newest()] == ["ack", "hold", "start"]
        await world.close()

    story(told())

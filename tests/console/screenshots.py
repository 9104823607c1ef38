"""Pictures of every screen for the README: `make screenshots` writes them as SVG into docs/screens."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from console.theme import Look
from tests.console.world import at_night

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"
PICTURES: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "runs": ((150, 36), ()),
    "night": ((80, 24), ()),
    "failure": ((150, 36), ("j", "e")),
    "retry": ((150, 36), ("j", "R")),
    "timeline": ((150, 36), ("t",)),
    "graph": ((150, 36), ("g", "f")),
    "approve": ((100, 30), ("j", "j", "W")),
    "actions": ((100, 30), ("j", "a")),
    "help": ((100, 36), ("question_mark",)),
    "attention": ((110, 24), ("2",)),
    "wakes": ((110, 24), ("3",)),
    "systems": ((110, 24), ("4",)),
    "workflows": ((110, 24), ("5",)),
    "acts": ((110, 24), ("6",)),
    "health": ((110, 24), ("7",)),
}


def with_blanks(svg: str) -> str:
    """The picture with leading blanks kept in every text, and a font that has every glyph."""
    svg = re.sub(r"<text (?![^>]*xml:space)", '<text xml:space="preserve" ', svg)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S)
    # Where this checkout lies is nobody's business; as many characters keep the picture's widths.
    root = str(FOLDER.parents[1])
    svg = svg.replace(root, ("/srv/flows/" * 20)[: len(root)].rstrip("/").ljust(len(root), "s"))
    return svg.replace("Fira Code", "DejaVu Sans Mono")


async def picture(name: str) -> str:
    """Draw one screen of a night."""
    size, keys = PICTURES[name]
    with tempfile.TemporaryDirectory() as folder:
        async with at_night(Path(folder), size, look=Look()) as desk:
            if keys:
                await desk.press(*keys)
            return with_blanks(desk.app.export_screenshot(title=f"forkjoin: {name}"))


def main(names: list[str]) -> None:
    """Write the pictures asked for, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or PICTURES:
        (FOLDER / f"{name}.svg").write_text(asyncio.run(picture(name)), encoding="utf-8")
        print(f"docs/screens/{name}.svg")


if __name__ == "__main__":
    main(sys.argv[1:])

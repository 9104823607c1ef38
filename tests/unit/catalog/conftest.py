"""Async tests run on asyncio, through the plugin that comes with anyio."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The event loop async tests run on."""
    return "asyncio"

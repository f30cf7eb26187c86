"""The browser: Debian's Chromium where it is installed, else Playwright's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_DEBIAN_CHROMIUM = Path("/usr/bin/chromium")


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """Start the browser, and end it at the end of the block."""
    path = str(_DEBIAN_CHROMIUM) if _DEBIAN_CHROMIUM.exists() else None
    browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
    try:
        yield browser
    finally:
        browser.close()

"""Which browser there is, and how it is started."""

import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str | None:
    """Its path; None where there is none."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)

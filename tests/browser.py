"""A page in headless Chromium, driven over its pipe: JSON messages that end in a zero byte, no port and no driver."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
"""Where the browser is; None where there is none, and tests that need it are skipped."""

PATIENCE = 60
"""Seconds that the browser may take to answer."""


class Page:
    """One open page.

    Attributes:
        errors: what the page's scripts threw, and what the browser refused to load or to run.
    """

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive, self._number, self._read = send, receive, 0, b""
        self.errors: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while (found := self._next()).get("id") != self._number:
            self._note(found)
        if "error" in found:
            raise RuntimeError(f"{method}: {found['error']}")
        answer: dict[str, Any] = found["result"]
        return answer

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            part = os.read(self._receive, 1 << 16)
            if not part:
                raise RuntimeError("Chromium ended")
            self._read += part
        message, _, self._read = self._read.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def _note(self, found: dict[str, Any]) -> None:
        match found:
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                self.errors.append(str(details.get("exception", {}).get("description", details)))
            case {"method": "Log.entryAdded", "params": {"entry": {"level": "error", "text": text}}}:
                self.errors.append(str(text))

    def open(self, file: Path, width: int = 1280, height: int = 900) -> None:
        """Open a file from disk, and wait until its script has run."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._ask("Page.navigate", url=file.as_uri())
        end = time.monotonic() + PATIENCE
        there = "document.readyState === 'complete' && document.getElementById('waiting') === null"
        while time.monotonic() < end and not self.answer(there):
            time.sleep(0.02)

    def answer(self, expression: str) -> Any:
        """The value of an expression of JavaScript, in the page."""
        found = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """A key, as a person presses it."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        virtual = {"Enter": 13, " ": 32, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        code = virtual.get(key, 0)
        self._ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, text=text, windowsVirtualKeyCode=code)
        self._ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A screenshot."""
        found = self._ask("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A new page; the browser keeps its files in the folder, and ends with it."""
    assert CHROMIUM is not None
    (read_3, write_3), (read_4, write_4) = os.pipe(), os.pipe()
    # The browser reads from descriptor 3 and writes to 4, whatever the numbers of the pipes are here.
    command = f'exec "$@" 3<&{read_3} 4>&{write_4}'
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"]
    options += ["--disable-dev-shm-usage", f"--user-data-dir={folder / 'chromium'}", "about:blank"]
    process = subprocess.Popen(
        ["bash", "-c", command, "bash", CHROMIUM, *options],
        pass_fds=(read_3, write_4),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(read_3)
    os.close(write_4)
    try:
        yield Page(write_3, read_4)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        os.close(write_3)
        os.close(read_4)

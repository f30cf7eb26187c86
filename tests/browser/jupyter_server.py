"""A real JupyterLab or Notebook 7 server, with nothing of the user's in it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

READY_WITHIN_S = 60


@dataclass(frozen=True)
class JupyterServer:
    """Where a running server is."""

    front: str
    """"lab", "notebook" or "server"."""
    root: Path
    url: str
    token: str

    def address_of(self, notebook: str) -> str:
        """Return the address that opens a notebook."""
        page = "lab/tree" if self.front == "lab" else "notebooks"
        reset = "reset&" if self.front == "lab" else ""
        return f"{self.url}{page}/{notebook}?{reset}token={self.token}"


@contextmanager
def running(
    front: str,
    folder: Path,
    *,
    locale: str | None = None,
    python: str = sys.executable,
    scheme: str = "http",
    base_url: str = "/",
    through: Sequence[str] = (),
    options: Sequence[str] = (),
) -> Iterator[JupyterServer]:
    """Start a server in `folder` and end it, with its kernels, at the end of the block.

    Parameters
    ----------
    front
        "lab", "notebook", or "server" for a server alone.
    folder
        Gets the notebooks' folder, and all configuration and state.
    locale
        The language, such as "pt_BR"; English if left out.
    python
        The interpreter of the environment that has the server.
    scheme
        "https" if the options give it a certificate.
    base_url
        Below what path it serves.
    through
        A command that starts it, such as ``setpriv`` with its options.
    options
        Further arguments.
    """
    root = folder / "root"
    root.mkdir(parents=True, exist_ok=True)
    language = {"@jupyterlab/translation-extension:plugin": {"locale": locale}} if locale else {}
    _write_settings(folder / "settings", {**_CALM, **language})
    token = secrets.token_hex(16)
    apps = {"lab": "LabApp", "notebook": "JupyterNotebookApp"}
    exposed = [f"--{apps[front]}.expose_app_in_browser=True"] if front in apps else []
    with held_port() as port, open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(
            [
                *through,
                *(python, "-m", "jupyter", front, "--no-browser", "--allow-root"),
                f"--ServerApp.root_dir={root}",
                f"--ServerApp.port={port}",
                "--ServerApp.port_retries=0",
                f"--ServerApp.base_url={base_url}",
                f"--IdentityProvider.token={token}",
                *exposed,
                *options,
            ],
            env=_environment(folder),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = JupyterServer(front, root, f"{scheme}://127.0.0.1:{port}{base_url}", token)
        try:
            _wait_until_ready(server, process, folder / "server.log")
            yield server
        finally:
            _end(process)


# What would cover the page, or reach for the network.
_CALM: dict[str, object] = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}


def _write_settings(folder: Path, settings: dict[str, object]) -> None:
    for plugin, values in settings.items():
        package, _, name = plugin.partition(":")
        (folder / package).mkdir(parents=True, exist_ok=True)
        (folder / package / f"{name}.jupyterlab-settings").write_text(json.dumps(values))


def _environment(folder: Path) -> dict[str, str]:
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "XDG_STATE_HOME": "state",
    }
    # The test process's own state, where a fixture has set one, is the server's too.
    kept = {"XDG_STATE_HOME"} & os.environ.keys()
    chosen = {name: str(folder / place) for name, place in own.items() if name not in kept}
    for place in chosen.values():
        Path(place).mkdir(parents=True, exist_ok=True)
    return {**os.environ, **chosen, "JUPYTER_PREFER_ENV_PATH": "1"}


@contextmanager
def held_port() -> Iterator[int]:
    """Hold a port that is given to nobody else meanwhile, but that a server can listen on."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


_ANY_CERTIFICATE = ssl._create_unverified_context()


def _wait_until_ready(server: JupyterServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            address = f"{server.url}api/status?token={server.token}"
            with urllib.request.urlopen(address, timeout=5, context=_ANY_CERTIFICATE):
                return
        except (urllib.error.URLError, OSError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-4000:]
                raise RuntimeError(f"The Jupyter server did not start: {error}\n{said}") from error
            time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return  # it did not start
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(family, timeout=3)
    for child in alive:
        with suppress(psutil.NoSuchProcess):  # it has ended just now
            child.kill()

"""The jupyter_server extension: the way to the record that needs no kernel."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "runwatch.server"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the routes to a Jupyter server. Called by it at its start."""
    from pathlib import Path

    from runwatch.server.configuration import RunwatchServer
    from runwatch.server.routes import add_routes
    from runwatch.server.workspaces import Workspaces

    settings = RunwatchServer(parent=server_app)
    named = [Path(folder).expanduser() for folder in settings.workspaces]
    add_routes(server_app.web_app, Workspaces(Path(server_app.root_dir), named))

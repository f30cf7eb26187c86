"""What a user can set in the Jupyter server's configuration."""

from __future__ import annotations

from traitlets import List, Unicode
from traitlets.config import Configurable


class RunwatchServer(Configurable):
    """Set in `jupyter_server_config.py` as ``c.RunwatchServer.workspaces = […]``, say."""

    workspaces = List(
        Unicode(),
        help="Folders of workspaces outside of the server's root folder that are to be shown, too. "
        "Those below the root folder are found.",
    ).tag(config=True)

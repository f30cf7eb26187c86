"""Lets a widget's messages through while a cell waits for a run.

JupyterLab sends them to a subshell of the kernel, which is free. Elsewhere they stand in line
behind the cell; so the cell that waits handles them, and leaves what else is there in its order.
"""

from __future__ import annotations

import threading
from typing import Any

_OF_WIDGETS = {"comm_open", "comm_msg", "comm_close"}


def let_messages_through() -> None:
    """Handle the messages of widgets that wait for the main thread; there may be none.

    Does nothing on other threads and outside a kernel.
    """
    kernel = _kernel()
    if kernel is None or threading.current_thread() is not threading.main_thread():
        return
    import zmq  # where there is a kernel it is there

    inbox = _inbox(kernel)
    while True:
        try:
            message = inbox.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return
        if not _handled(kernel, message):
            _put_back(kernel, message)


def _kernel() -> Any:
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None)


def _inbox(kernel: Any) -> Any:
    """Return the socket on which the main thread gets its messages."""
    channel = getattr(kernel, "shell_channel_thread", None)
    if channel is None:  # ipykernel 6
        return kernel.shell_stream.socket
    return channel.manager.get_shell_channel_to_subshell_pair(None).to_socket


def _handled(kernel: Any, message: list[Any]) -> bool:
    if len(message) == 1:  # the kernel's own, to itself
        return False
    idents, parts = kernel.session.feed_identities(message, copy=False)
    kind = kernel.session.deserialize(parts, content=False, copy=False)["header"]["msg_type"]
    if kind not in _OF_WIDGETS:
        return False
    content = kernel.session.deserialize(parts, content=True, copy=False)
    kernel.shell_handlers[kind](kernel.shell_stream, idents, content)
    return True


def _put_back(kernel: Any, message: list[Any]) -> None:
    """Have the kernel's loop handle a message, after the cell and in the order of coming."""
    if getattr(kernel, "shell_channel_thread", None) is None:
        kernel.io_loop.add_callback(kernel.schedule_dispatch, kernel.dispatch_shell, message)
    else:
        kernel.io_loop.add_callback(kernel.shell_main, None, message)

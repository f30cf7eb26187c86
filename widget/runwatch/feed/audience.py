"""Who looks at what.

Views that look at one thing in the same way share a channel: what they lack is found once, however
many they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runwatch.feed.channel import Channel
from runwatch.feed.overview import Overviewer

if TYPE_CHECKING:
    from runwatch.feed.messages import Look
    from runwatch.feed.watcher import Scope, Subscription


class Audience:
    """Each channel with the views that share it. Whoever is told something may leave meanwhile."""

    def __init__(self) -> None:
        self._views: dict[Channel | Overviewer, list[Subscription]] = {}

    def __bool__(self) -> bool:
        return bool(self._views)

    def __iter__(self) -> Iterator[tuple[Channel | Overviewer, list[Subscription]]]:
        for channel in list(self._views):
            if channel in self._views:
                yield channel, list(self._views[channel])

    def views(self) -> Iterator[Subscription]:
        """Yield all views."""
        for _, views in self:
            yield from views

    def of(self, channel: Channel | Overviewer) -> list[Subscription]:
        """Return the views that share a channel."""
        return list(self._views.get(channel, ()))

    def alike(self, scope: Scope, look: Look) -> Channel | Overviewer | None:
        """Return the channel of those who look at the same already."""
        if look.sort is not None:
            return None  # an order is made when it is asked for
        for channel, (first, *_) in self._views.items():
            if first.scope == scope and channel.look == look:
                return channel
        return None

    def add(self, view: Subscription) -> None:
        """Take in a view that has what its channel has sent."""
        self._views.setdefault(view.channel, []).append(view)

    def remove(self, view: Subscription) -> None:
        """Let a view go; one that has gone is no error."""
        views = self._views.get(view.channel, [])
        if view in views:
            views.remove(view)
        if not views:
            self._views.pop(view.channel, None)

"""Credentials that notebooks pass on; a workspace in a folder asks for none."""

from __future__ import annotations


class _Authentication:
    """Accepted wherever ``auth=`` is."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        self._given = (args, kwargs)


class InteractiveLoginAuthentication(_Authentication):
    """A login in a browser."""


class ServicePrincipalAuthentication(_Authentication):
    """A service's own login."""


class AzureCliAuthentication(_Authentication):
    """The login of the command line."""


class MsiAuthentication(_Authentication):
    """A machine's own login."""

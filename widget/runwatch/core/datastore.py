"""The import path that notebooks use for datastores."""

from runwatch.core.dataset import Datastore

__all__ = ["Datastore"]

"""Data sets and datastores of a cloud, which are not available."""

from __future__ import annotations

from typing import NoReturn

from runwatch.exceptions import UserErrorException


class _NotHere(type):
    """Refuses every use of a class, in words."""

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        _refuse(cls.__name__)

    def __call__(cls, *args: object, **kwargs: object) -> NoReturn:
        _refuse(cls.__name__)


def _refuse(name: str) -> NoReturn:
    raise UserErrorException(
        f"{name} is not available: there is no cloud storage here. Read the files themselves, and "
        "pass their path to the script as an argument."
    )


class Dataset(metaclass=_NotHere):
    """A registered data set."""


class Datastore(metaclass=_NotHere):
    """A registered storage account."""

"""What stands on a magic's line: options, and what comes after them."""

from __future__ import annotations

import difflib
import keyword
import shlex
from collections.abc import Collection
from dataclasses import dataclass, field

from IPython.core.error import UsageError

_FLAGS = {"--watch"}


@dataclass
class Options:
    """What the options of a line say."""

    experiment: str | None = None
    name: str | None = None
    var: str = "run"
    watch: bool = False
    tags: dict[str, str | None] = field(default_factory=dict)


def words(line: str) -> list[str]:
    """Return the words of a line, quoted as in a shell."""
    try:
        return shlex.split(line)
    except ValueError:
        raise UsageError(f"A quotation mark is not closed in: {line}") from None


def take_options(rest: list[str], known: Collection[str], options: Options) -> bool:
    """Take the options that `rest` begins with; return whether ``--`` says that they end there.

    Raises
    ------
    UsageError
        An option has no value, one that it can't have, or is spelled almost as one that is known.
    """
    while rest and rest[0].startswith("--"):
        option, equals, value = rest[0].partition("=")
        if option == "--":
            del rest[0]
            return True
        if option not in known:
            _check_spelling(option, known)
            return False
        del rest[0]
        if option in _FLAGS:
            if equals:
                raise UsageError(f"{option} takes no value: write {option} alone.")
        elif not equals:
            if not rest:
                raise UsageError(f"{option} needs a value after it.")
            value = rest.pop(0)
        _set(options, option, value)
    return False


def _set(options: Options, option: str, value: str) -> None:
    if option == "--watch":
        options.watch = True
    elif option == "--experiment":
        options.experiment = value
    elif option == "--name":
        options.name = value
    elif option == "--var":
        if not value.isidentifier() or keyword.iskeyword(value):
            raise UsageError(f"--var needs the name of a variable; {value!r} can't be one.")
        options.var = value
    else:
        key, equals, tag = value.partition("=")
        if not key:
            raise UsageError(f"--tag needs key=value, such as --tag quality=good; got {value!r}.")
        options.tags[key] = tag if equals else None


def _check_spelling(option: str, known: Collection[str]) -> None:
    """Refuse a mistyped option, that would be passed to the script and not missed."""
    meant = difflib.get_close_matches(option, known, n=1, cutoff=0.8)
    if meant:
        raise UsageError(
            f"There is no option {option}. Did you mean {meant[0]}? If it is an argument of your "
            "own, write it after --."
        )

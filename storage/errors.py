"""Errors of stores; each message names the object, what was expected and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import ceil

from zpoints.storage.text import one_of

SHORTEST_PART = 3
"""Characters from which a part of a name counts as that name mistyped."""
SUGGESTED = 3
"""Labels that a message suggests instead of an unknown one: many are alike, as kinds of hair."""
SHORTEST_STEM = 4
SHARE_OF_STEM = 0.7
"""Common beginning from which two names are alike: characters, and share of the shorter name."""


class ZpointsError(Exception):
    """Base of every error that a user can cause or repair; shown without a traceback."""


class StoreError(ZpointsError):
    """The store cannot do what it was asked to do."""


class StoreNotFoundError(StoreError):
    """There is no such store, version or group."""


class PlaceError(StoreError):
    """A place that the user names cannot take, or be, what was asked for: it holds other files."""


class ExportError(StoreError):
    """A group cannot be exported in the form that was asked for."""


class VersionError(StoreError, ValueError):
    """A version is spelled in no known way, or the spelling fits several."""


class DamagedRecordError(StoreError):
    """An object next to the versions is not the record that it should be."""


class PathError(ZpointsError):
    """A path cannot be used on this machine."""


class SchemaError(StoreError):
    """A dataset disagrees with the registry of variables, or the store's schema is newer."""


class QueryError(ZpointsError):
    """A query of labels is not of the language, or names an unknown label."""


class IncompleteStageError(StoreError):
    """A stage cannot be published because some of its chunks do not exist."""


class PublishConflictError(StoreError):
    """Another run published a version in the meantime."""


class StoreLockedError(StoreError):
    """Another process has locked this store."""


class ObjectStoreError(StoreError):
    """The server of a bucket does not answer, or refuses; the message names the remedy."""


def nearest(name: str, known: Iterable[str], most: int = 1, *, cutoff: float = 0.7) -> list[str]:
    """The known names most like a mistyped one, the nearest first; case does not matter.

    The same name in other letters is alone. Names that begin with what was written come first, then
    those that contain it, those of similar or transposed letters, and those with the same stem.

    Parameters
    ----------
    name
        What was written.
    known
        The names that there are.
    most
        Largest number of names returned.
    cutoff
        Similarity from which a name counts as alike, 0 to 1.

    Examples
    --------
    >>> nearest("elipse", ["uniform", "ellipse"]), nearest("MALE", ["Male"]), nearest("x", ["Male"])
    (['ellipse'], ['Male'], [])
    >>> nearest("mixture", ["uniform", "gaussian_mixture"]), nearest("smile", ["Male", "Smiling"])
    (['gaussian_mixture'], ['Smiling'])
    """
    by_spelling: dict[str, str] = {}
    for spelled in known:
        by_spelling.setdefault(spelled.casefold(), spelled)
    wanted = name.casefold()
    if wanted in by_spelling:
        return [by_spelling[wanted]]
    found = dict.fromkeys(
        (
            *_with_part(wanted, by_spelling),
            *get_close_matches(wanted, list(by_spelling), most, cutoff),
            *(spelled for spelled in by_spelling if sorted(spelled) == sorted(wanted)),
            *(spelled for spelled in by_spelling if _same_stem(wanted, spelled)),
        )
    )
    return [by_spelling[spelled] for spelled in found][:most]


def _with_part(wanted: str, known: Iterable[str]) -> list[str]:
    """The names that begin with a part, then those that contain it; shorter ones are nearer."""
    if len(wanted) < SHORTEST_PART:
        return []
    found = [spelled for spelled in known if wanted in spelled]
    return sorted(found, key=lambda spelled: (not spelled.startswith(wanted), len(spelled)))


def _same_stem(one: str, other: str) -> bool:
    """Whether two names begin alike, up to the ending of the shorter one: smile, smiling."""
    shorter = min(len(one), len(other))
    stem = max(SHORTEST_STEM, ceil(SHARE_OF_STEM * shorter))
    return shorter >= stem and one[:stem] == other[:stem]


def did_you_mean(name: str, known: Iterable[str], most: int = 1) -> str:
    """A sentence for the end of a message, after a space; empty if no known name is alike.

    Parameters
    ----------
    name
        What was written.
    known
        The names that there are.
    most
        Largest number of names suggested.

    Examples
    --------
    >>> did_you_mean("elipse", ["uniform", "ellipse"])
    ' Did you mean ellipse?'
    >>> did_you_mean("hair", ["Male", "Gray_Hair", "Black_Hair"], most=3)
    ' Did you mean Gray_Hair or Black_Hair?'
    """
    found = nearest(name, known, most)
    return f" Did you mean {one_of(found)}?" if found else ""


def instead(name: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown name, for the end of a message without its full stop.

    Parameters
    ----------
    name
        What was written.
    known
        The names that there are; all are listed, so these should be few.

    Examples
    --------
    >>> instead("elipse", ["uniform", "ellipse"])
    'did you mean ellipse? Choose one of uniform, ellipse'
    >>> instead("grid", ["uniform", "ellipse"])
    'choose one of uniform, ellipse'
    """
    names = list(known)
    listed = f"hoose one of {', '.join(names)}"
    question = did_you_mean(name, names)
    return f"{question[1:2].lower()}{question[2:]} C{listed}" if question else f"c{listed}"


def unknown_name(owner: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error of a module or an object that lacks an attribute, in Python's own form.

    Parameters
    ----------
    owner
        What lacks it, e.g. ``module 'zpoints'``.
    name
        The unknown name.
    known
        Names that it has; the nearest is suggested, which Python does in its own tracebacks only.

    Examples
    --------
    >>> print(unknown_name("module 'zpoints'", "opn", ["open", "draw"]))
    module 'zpoints' has no attribute 'opn'. Did you mean: 'open'?
    """
    message = f"{owner} has no attribute {name!r}"
    alike = nearest(name, known)
    # With a name but without an object, Python adds no second suggestion.
    return AttributeError(
        f"{message}. Did you mean: {alike[0]!r}?" if alike else message, name=name
    )


def unknown_attribute(owner: object, name: str) -> AttributeError:
    """The error of an object for an attribute that it lacks; for use in ``__getattr__``.

    Python calls that also where a property of the class raised an `AttributeError`, which is
    raised again: the attribute is known, and something else is missing.

    Parameters
    ----------
    owner
        The object.
    name
        The attribute. A private one, for which libraries probe, is never suggested.

    Raises
    ------
    AttributeError
        That of the property.
    """
    kind = type(owner)
    if hasattr(kind, name):
        object.__getattribute__(owner, name)
    known = () if name.startswith("_") else (it for it in dir(owner) if not it.startswith("_"))
    return unknown_name(f"{kind.__name__!r} object", name, known)

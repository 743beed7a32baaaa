"""Errors of stores; each message names the object, what was expected and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class ZpointsError(Exception):
    """Base of every error that a user can cause or repair; shown without a traceback."""


class StoreError(ZpointsError):
    """The store cannot do what it was asked to do."""


class StoreNotFoundError(StoreError):
    """There is no such store, version or group."""


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


def unknown_name(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error of a module that lacks an attribute, as Python words it.

    Parameters
    ----------
    module
        Name of the module as users write it.
    name
        The unknown name.
    known
        Names that it has; the nearest is suggested, which Python does in its own tracebacks only.

    Examples
    --------
    >>> print(unknown_name("zpoints", "opn", ["open", "draw"]))
    module 'zpoints' has no attribute 'opn'. Did you mean: 'open'?
    """
    message = f"module {module!r} has no attribute {name!r}"
    alike = get_close_matches(name, list(known), 1)
    # With a name but without an object, Python adds no second suggestion.
    return AttributeError(
        f"{message}. Did you mean: {alike[0]!r}?" if alike else message, name=name
    )

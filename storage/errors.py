"""Errors of stores; each message names the object, what was expected and what to do."""


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

"""The one hierarchy of errors: each message names the thing, what was expected and the repair."""


class ZpointsError(Exception):
    """Base of every error that a user can cause or repair; shown without a traceback."""


class StoreError(ZpointsError):
    """The store cannot do what was asked of it."""


class StoreNotFoundError(StoreError):
    """There is no store, version or group at the place named."""


class SchemaError(StoreError):
    """A dataset disagrees with the registry of variables, or the store's schema is newer."""


class IncompleteStageError(StoreError):
    """A stage was to be published though some of its chunks do not exist."""


class PublishConflictError(StoreError):
    """Another run published a version while this one was at work."""


class StoreLockedError(StoreError):
    """Another process is at work on this store."""


class ObjectStoreError(StoreError):
    """The server of a bucket does not answer, or refuses; the message says what to set."""

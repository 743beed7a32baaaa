"""What is kept: the versioned, labelled store of images, latent vectors and their statistics."""

from storage.chunks import Block
from storage.errors import (
    IncompleteStageError,
    PublishConflictError,
    SchemaError,
    StoreError,
    StoreLockedError,
    StoreNotFoundError,
    ZpointsError,
)
from storage.export import export_group
from storage.repository import Repository, open_repository
from storage.store import Store, Version, open_store
from storage.transaction import StageTransaction
from storage.variables import SCHEMA_VERSION, VARIABLES, Variable, labels, validate

__all__ = [
    "SCHEMA_VERSION",
    "VARIABLES",
    "Block",
    "IncompleteStageError",
    "PublishConflictError",
    "Repository",
    "SchemaError",
    "StageTransaction",
    "Store",
    "StoreError",
    "StoreLockedError",
    "StoreNotFoundError",
    "Variable",
    "Version",
    "ZpointsError",
    "export_group",
    "labels",
    "open_repository",
    "open_store",
    "validate",
]

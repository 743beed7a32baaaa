"""What is kept: the versioned, labelled store of images, latent vectors and their statistics."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from storage.errors import (
    IncompleteStageError,
    ObjectStoreError,
    PublishConflictError,
    SchemaError,
    StoreError,
    StoreLockedError,
    StoreNotFoundError,
    ZpointsError,
)

__all__ = [
    "SCHEMA_VERSION",
    "VARIABLES",
    "Block",
    "IncompleteStageError",
    "ObjectStoreError",
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
    "export_images",
    "export_sheets",
    "labels",
    "open_repository",
    "open_store",
    "validate",
]

if TYPE_CHECKING:
    from storage.chunks import Block
    from storage.export import export_group
    from storage.pictures import export_images, export_sheets
    from storage.repository import Repository, open_repository
    from storage.store import Store, open_store
    from storage.transaction import StageTransaction
    from storage.validation import validate
    from storage.variables import SCHEMA_VERSION, VARIABLES, Variable, labels
    from storage.versions import Version
else:
    # Loaded when first asked for: whoever needs the errors alone does not wait for Icechunk.
    _HOMES = {
        "Block": "chunks",
        "export_group": "export",
        "export_images": "pictures",
        "export_sheets": "pictures",
        "Repository": "repository",
        "open_repository": "repository",
        "Store": "store",
        "Version": "versions",
        "open_store": "store",
        "StageTransaction": "transaction",
        "SCHEMA_VERSION": "variables",
        "VARIABLES": "variables",
        "Variable": "variables",
        "labels": "variables",
        "validate": "validation",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})

"""Classes and functions that the user names: imported by name, hashed by their source file.

A store's own word never suffices to import something: it names code that may be anyone's.
"""

import importlib
import inspect
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from zpoints.pipeline.errors import NetworkError

ENVIRONMENT = "ZPOINTS_NETWORK"
"""Environment variable with names of code that may be imported for a store, comma-separated."""
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def is_code_name(text: str) -> bool:
    """Whether a text has the form ``package.module:Name``.

    Examples
    --------
    >>> is_code_name("faces.vae:Vae"), is_code_name("faces/vae.py"), is_code_name("a:b.c")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None


def _code_name(text: str) -> str:
    if not is_code_name(text):
        raise ValueError(f"invalid name {text!r}; expected package.module:Name, e.g. faces.vae:Vae")
    return text


CodeName = Annotated[str, AfterValidator(_code_name)]
"""A name of the form ``package.module:Name``."""


def load_code(name: str) -> Any:
    """Import a class or function by its name; runs the code of its module.

    Parameters
    ----------
    name
        ``package.module:Name``, as the user named it.

    Raises
    ------
    NetworkError
        If the module cannot be imported, or has no such attribute.
    """
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise NetworkError(
            f"{name} cannot be imported here: {error}. Put the folder that holds it on the path, "
            "e.g. PYTHONPATH=. zpoints ...; worker processes and jobs on other machines need the "
            "path too (cluster.jobs.prologue, e.g. export PYTHONPATH=/home/me/code)."
        ) from error
    except AttributeError as error:
        raise NetworkError(
            f"{name} cannot be imported: {error}. Expected package.module:Name with a class or "
            "function of that module."
        ) from error
    except Exception as error:
        raise NetworkError(
            f"{name} cannot be imported: its module raises {type(error).__name__}: {error}. "
            f"Expected a module that `python -c 'import {module}'` imports."
        ) from error


@lru_cache(maxsize=32)
def source_digest(name: str) -> str:
    """SHA-256 of the source file of a class or function, in hexadecimal; imports it.

    What the file itself imports is not covered.

    Raises
    ------
    NetworkError
        If it cannot be imported, or has no source file in Python.
    """
    try:
        found = inspect.getsourcefile(inspect.unwrap(load_code(name)))
        content = Path(str(found)).read_bytes()
    except (TypeError, OSError) as error:
        raise NetworkError(
            f"{name} has no source file ({error}). Expected a class or function that is written "
            "in Python, so that a change of it can be noticed."
        ) from error
    return sha256(content).hexdigest()


def require_named(stored: Iterable[str], named: Iterable[str]) -> None:
    """Refuse code that a store names unless the user names the same.

    Parameters
    ----------
    stored
        Names in the store.
    named
        Names in the user's configuration, command or argument; those in the environment variable
        ``ZPOINTS_NETWORK`` count too.

    Raises
    ------
    NetworkError
        If a name is missing; nothing has been imported then.
    """
    trusted = {*named, *re.split(r"[,\s]+", os.environ.get(ENVIRONMENT, ""))}
    for name in stored:
        if name in trusted:
            continue
        got = ", ".join(sorted(filter(None, trusted))) or "no name"
        raise NetworkError(
            f"The model of this store uses the code {name!r}, which zpoints imports only if you "
            f"name it too; got {got}. A store may come from anyone: if this is your own code, or "
            "code that you trust, run with the configuration that names it (train.network, or "
            "encode.network and decode.network), set the environment variable "
            f"{ENVIRONMENT}={name}, or open the store with zpoints.open(root, network={name!r})."
        )


def require_source(name: str, stored: str) -> None:
    """Refuse code whose source file is not the one that the store was made with.

    Parameters
    ----------
    name
        ``package.module:Name``, which the user named too; it is imported.
    stored
        SHA-256 of the source file, from the store.

    Raises
    ------
    NetworkError
        If the hashes differ.
    """
    found = source_digest(name)
    if found != stored:
        raise NetworkError(
            f"The source file of {name} differs from the one that this model was made with: "
            f"expected SHA-256 {stored[:12]}..., got {found[:12]}.... Restore that version of the "
            "file, or run zpoints again, which makes the model with the present one."
        )

"""Versions of zpoints and of the libraries that decide its results."""

import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = (
    *("numpy", "xarray", "dask", "distributed", "zarr", "icechunk", "torch"),
    *("scikit-learn", "matplotlib"),
)


def installed_versions() -> dict[str, str]:
    """Versions by name, read from the metadata of the packages; imports none of them."""
    found = {"Python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def version_lines() -> list[str]:
    """The version of zpoints, and a line of the others."""
    others = ", ".join(f"{name} {number}" for name, number in installed_versions().items())
    return [f"zpoints {version('zpoints')}", others]

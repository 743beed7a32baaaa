"""The built-in presets by name; imports no stage, so that a shell completes them fast."""

from importlib.resources import files
from importlib.resources.abc import Traversable

SUFFIX = ".yaml"


def preset_names() -> list[str]:
    """Names of the built-in presets."""
    names = (file.name for file in _folder().iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))


def preset_text(name: str) -> str:
    """The YAML text of one of `preset_names`."""
    return _folder().joinpath(f"{name}{SUFFIX}").read_text(encoding="utf-8")


def _folder() -> Traversable:
    return files("zpoints.pipeline.config").joinpath("presets")

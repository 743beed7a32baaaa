"""Quotes names and paths for units of other schedulers; refuses what a format cannot quote.

A newline in a name would become a line of its own, e.g. another command of a systemd service.
"""

import re
import shlex
from collections.abc import Mapping
from textwrap import indent
from typing import Any

import yaml

from zpoints.pipeline.errors import ConfigError

UNQUOTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line separators, and bytes of a path that are not UTF-8."""
YAML_WIDTH = 80


def _plain(text: str) -> str:
    """The text, if every format can hold it.

    Raises
    ------
    ConfigError
        If it has control characters, or bytes that are not UTF-8.
    """
    if UNQUOTABLE.search(text):
        raise _refusal(text, "control characters, or bytes that are not UTF-8")
    return text


def cron_text(text: str) -> str:
    """Escapes the percent sign, at which cron would end the command.

    Raises
    ------
    ConfigError
        If the text has a backslash: cron programs differ in what it does.
    """
    if "\\" in _plain(text):
        raise _refusal(text, "a backslash, which cron programs read in different ways")
    return text.replace("%", r"\%")


def slurm_option(option: str) -> str:
    """An option on a line ``#SCRON``, where Slurm reads backslashes within quotes, too.

    Raises
    ------
    ConfigError
        If the option has characters that a unit cannot hold.
    """
    return shlex.quote(_plain(option).replace("\\", "\\\\"))


def shell_word(word: str) -> str:
    """A word of a shell command on one line.

    Raises
    ------
    ConfigError
        If the word has characters that a unit cannot hold.
    """
    return shlex.quote(_plain(word))


def systemd_text(text: str) -> str:
    """A value without specifiers, which start with a percent sign.

    Raises
    ------
    ConfigError
        If systemd would read the value otherwise: it strips spaces at both ends, and a backslash at
        the end continues the line.
    """
    if _plain(text) != text.strip() or text.endswith("\\"):
        raise _refusal(text, "a space at an end, or a backslash at the end")
    return text.replace("%", "%%")


def systemd_word(word: str) -> str:
    """A word of ExecStart without specifiers and variables, quoted where necessary.

    Raises
    ------
    ConfigError
        If the word has characters that a unit cannot hold.
    """
    escaped = _plain(word).replace("\\", "\\\\").replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%+=:,./$-]+", escaped):
        return escaped
    return '"' + escaped.replace('"', '\\"') + '"'


def systemd_program(path: str) -> str:
    """The first word of ExecStart, in which systemd replaces no variables.

    Raises
    ------
    ConfigError
        If the path has a dollar sign, or characters that a unit cannot hold.
    """
    if "$" in path:
        raise _refusal(path, "a dollar sign in the path of a program")
    return systemd_word(path)


def kubernetes_argument(word: str) -> str:
    """An argument of a container without references to variables such as ``$(NAME)``.

    Raises
    ------
    ConfigError
        If the word has characters that a unit cannot hold.
    """
    return _plain(word).replace("$", "$$")


def kubernetes_path(path: str) -> str:
    """A path that a container mounts.

    Raises
    ------
    ConfigError
        If the path has a colon, which Kubernetes does not allow.
    """
    if ":" in _plain(path):
        raise _refusal(path, "a colon in the path of a mount")
    return path


def yaml_text(value: Mapping[str, Any], columns: int = 0) -> str:
    """A mapping as YAML, indented so that it continues a mapping of the template."""
    text = yaml.safe_dump(value, sort_keys=False, width=YAML_WIDTH - columns)
    return indent(text.removesuffix("\n"), " " * columns)


def _refusal(text: str, what: str) -> ConfigError:
    return ConfigError(
        f"The unit cannot be printed: {text!r} has {what}. Rename the file or folder, or change "
        "the setting."
    )

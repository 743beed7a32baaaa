"""Reads YAML of unknown origin as plain values: settings by name, lists, text and numbers."""

import reprlib
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from zpoints.pipeline.errors import ConfigError

MOST_BYTES = 1 << 20
"""Largest file; a configuration with every key takes a hundredth of it."""
DEEPEST = 50
"""Lists and settings inside each other."""
MOST_VALUES = 100_000
"""Values in all, each counted as often as an alias repeats it."""
TOO_MANY = f"more than {MOST_VALUES:,} values, counted with its aliases"
LONGEST_NUMBER = 100
"""Characters of a number; Python converts no more than 4,300 digits."""
MERGE = "tag:yaml.org,2002:merge"
TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp")
)


def plain_values(text: str, origin: str) -> Any:
    """The values of one YAML document; aliases and merge keys are resolved.

    Parameters
    ----------
    text
        The document.
    origin
        Its name, for messages.

    Raises
    ------
    ConfigError
        If it is not valid YAML; if it has a key twice or one other than text, a tag of another
        type, or too long a number; if it is too deep or, with its aliases, too large.

    Examples
    --------
    >>> plain_values("train: {epochs: 3, batch: 64}", "run.yaml")
    {'train': {'epochs': 3, 'batch': 64}}
    """
    if len(text) > MOST_BYTES:
        raise ConfigError(
            f"{origin} is too large for a configuration: expected at most {MOST_BYTES:,} bytes."
        )
    try:
        loader = _Loader(text, origin)
        node = loader.get_single_node()
        if node is None:
            return None
        loader.check(node)
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigError(f"{origin} is not valid YAML: {error}") from error


class _Loader(yaml.SafeLoader):
    """Refuses before anything is constructed."""

    def __init__(self, text: str, origin: str) -> None:
        super().__init__(text)
        self.name = origin  # in messages, instead of "<unicode string>"
        self._depth = self._composed = 0
        self._sizes: dict[Node, int] = {}

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        self._depth += 1
        self._composed += 1
        if self._depth > DEEPEST:
            raise _refused(
                self.peek_event(), f"more than {DEEPEST} lists or settings inside each other"
            )
        if self._composed > MOST_VALUES:
            raise _refused(self.peek_event(), TOO_MANY)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def check(self, node: Node) -> int:
        """Refuse what is not plain; returns the number of values of a node, aliases repeated."""
        if node in self._sizes:
            if not self._sizes[node]:
                raise _refused(node, "an alias inside the value that it refers to")
            return self._sizes[node]
        self._sizes[node] = 0  # not known yet
        if node.tag not in TAGS:
            raise _refused(node, f"the tag {_shown(node.tag)}; leave it out, or quote the text")
        size = 1
        if isinstance(node, MappingNode):
            self._check_keys(node)
            size += sum(self.check(value) for pair in node.value for value in pair)
        elif isinstance(node, SequenceNode):
            size += sum(map(self.check, node.value))
        else:
            self._check_scalar(node)
        if size > MOST_VALUES:
            raise _refused(node, TOO_MANY)
        self._sizes[node] = size
        return size

    def _check_keys(self, node: MappingNode) -> None:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise _refused(key, "a list or settings as a key; expected text")
            if key.tag not in ("tag:yaml.org,2002:str", MERGE):
                raise _refused(
                    key, f"the key {_shown(key.value)}; expected text, so put it in quotes"
                )
            name, line = key.value, key.start_mark.line + 1
            if name in lines:
                raise _refused(
                    key,
                    f"the key {_shown(name)} a second time, after line {lines[name]}; join them",
                )
            lines[name] = line

    def _check_scalar(self, node: Node) -> None:
        kind = node.tag.rpartition(":")[2]
        if kind in ("int", "float") and len(node.value) > LONGEST_NUMBER:
            raise _refused(
                node,
                f"a number of {len(node.value):,} characters; expected at most {LONGEST_NUMBER}",
            )
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in node.value):
            raise _refused(node, "NUL or an unpaired surrogate in text; leave it out")
        if kind not in ("str", "merge"):
            try:
                self.construct_object(node)
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
                raise _refused(
                    node, f"{_shown(node.value)}; expected a valid {kind}, or text in quotes"
                ) from None


def _shown(text: Any) -> str:
    return reprlib.repr(str(text))


def _refused(where: Any, found: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, f"found {found}", where.start_mark)

"""Which boolean labels are attributes, and which rows came with attributes.

A boolean cannot be unknown: a photograph without attributes has False for each of them. The marker
`has_attributes` tells these apart. It exists only where some photograph lacks its attributes.
"""

MARKER = "has_attributes"
"""The boolean label that is not an attribute."""


def is_attribute(name: object) -> bool:
    """Whether a boolean label of this name is an attribute, not the marker."""
    return name != MARKER

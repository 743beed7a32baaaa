"""Templates of the pages of a report."""

from pathlib import Path

import jinja2


def template(path: Path) -> jinja2.Template:
    """The template of a file, which may include files beside it; values are escaped in it."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(path.name)

"""The directive `generated`: parts of the reference that are written from the program itself.

```{generated} commands
```
"""

from collections.abc import Callable
from inspect import getsourcefile
from typing import ClassVar

import claim_table
import command_line
import configuration
import decision_index
import figure_list
import generator_table
import measure_table
import stored_variables
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

TOPICS: dict[str, Callable[[], str]] = {
    "claims": claim_table.markdown,
    "commands": command_line.markdown,
    "configuration": configuration.markdown,
    "decisions": decision_index.markdown,
    "exit-codes": command_line.exit_codes,
    "figures": figure_list.markdown,
    "generators": generator_table.markdown,
    "measures": measure_table.markdown,
    "presets": configuration.presets,
    "variables": stored_variables.markdown,
}
"""For each topic the function that returns its Markdown."""


class Generated(SphinxDirective):
    """Inserts the Markdown of a topic, with its sections."""

    required_arguments = 1
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Parse what the topic's function returns."""
        write = TOPICS[self.arguments[0]]
        self.env.note_dependency(str(getsourcefile(write)))
        self.env.note_reread()  # the program may have changed
        return self.parse_text_to_nodes(write(), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

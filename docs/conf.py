"""Settings of Sphinx. `make docs` builds the pages, without network, into docs/_build."""

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
NOTEBOOKS = HERE / "notebooks"
"""Copies of the notebooks of examples/, made by each build."""
REPOSITORY = "https://github.com/zpoints/zpoints"

sys.path.insert(0, str(HERE / "_ext"))
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "zpoints"
author = copyright = "The zpoints developers"
release = metadata.version("zpoints")
html_title = "zpoints"

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "generated",
    "plain_docstrings",
]
exclude_patterns = ["_build", "_ext", "_templates", "**/.ipynb_checkpoints"]
templates_path = ["_templates"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
smartquotes_action = "q"  # quotes alone: `--set` keeps its hyphens
myst_heading_anchors = 3
nb_execution_mode = "off"  # the tests run the notebooks; their outputs are committed
nb_merge_streams = True

default_role = "code"  # `name` in a docstring
autosummary_generate = True
autosummary_imported_members = True
autodoc_member_order = "groupwise"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!zpoints).*"), ("py:.*", r"zpoints\..*\._.*")]
nitpick_ignore = {  # internal types in signatures
    ("py:class", "zpoints.pipeline.analyze.config.AnalyzeConfig"),
    ("py:class", "zpoints.pipeline.analyze.states.moments.Moments"),
    ("py:class", "zpoints.pipeline.labels.labels.LabelNumbers"),
    ("py:class", "zpoints.pipeline.latent_space.quality_tables.Recommended"),
    ("py:class", "zpoints.storage.backend.location.Location"),
    ("py:class", "zpoints.storage.overview.Content"),
}

extlinks = {"source": (f"{REPOSITORY}/blob/main/%s", "%s")}
linkcheck_ignore = [rf"{REPOSITORY}/.*", r"http://(127\.0\.0\.1|localhost).*"]
linkcheck_anchors = False

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["zpoints.css"]
html_favicon = "_static/logo.svg"
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {
    "index": [],
    "changelog": [],
    "performance": [],
    "contributing": [],
}
html_theme_options = {
    "logo": {
        "text": "zpoints",
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
    },
    "icon_links": [{"name": "GitHub", "url": REPOSITORY, "icon": "fa-brands fa-github"}],
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "show_nav_level": 1,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
}


def copy_notebooks(_app: Sphinx) -> None:
    """Copy the notebooks into the pages, of which they have to be a part."""
    NOTEBOOKS.mkdir(exist_ok=True)
    for old in NOTEBOOKS.glob("*.ipynb"):
        if not (EXAMPLES / old.name).exists():
            old.unlink()
    for notebook in EXAMPLES.glob("*.ipynb"):
        copy = NOTEBOOKS / notebook.name
        if not copy.exists() or copy.read_bytes() != notebook.read_bytes():
            shutil.copy(notebook, copy)


def setup(app: Sphinx) -> None:
    """Copy the notebooks before the pages are listed."""
    app.connect("builder-inited", copy_notebooks)

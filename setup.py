"""The description on a package index: the README, its relative links made absolute."""

import re
from pathlib import Path

from setuptools import setup

REPOSITORY = "https://github.com/zpoints/zpoints"
README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")


def absolute(link: re.Match[str]) -> str:
    """The absolute form of a relative Markdown link."""
    picture, text, target = link.groups()
    return f"{picture}[{text}]({REPOSITORY}/{'raw' if picture else 'blob'}/main/{target})"


setup(
    long_description=re.sub(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)", absolute, README),
    long_description_content_type="text/markdown",
)

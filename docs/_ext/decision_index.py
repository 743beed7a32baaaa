"""The decision records by topic, each with its question."""

import re
from pathlib import Path

RECORDS = Path(__file__).parents[1] / "decisions"
TOPICS = (
    ("The store", r"storage-"),
    ("Photographs and labels", r"pipeline-(ingest|labels|not-only)"),
    ("The network", r"pipeline-(network|training|collapse|import)"),
    ("Statistics and structure", r"pipeline-(analyze|structure|memory|uncompiled|growth)"),
    ("Generators and their quality", r"pipeline-(sample|evaluate|sweep|synthesize)"),
    ("Claims, figures and report", r"pipeline-(claims|figures|report|compare|latent|explore)"),
    ("Clusters, jobs and schedules", r"cluster-"),
    ("The project", r""),
)
"""Headings, and the beginnings of the names of the records below them; the first that fits."""


def markdown() -> str:
    """A list of records under each topic."""
    remaining = sorted(p for p in RECORDS.glob("*.md") if p.stem != "index")
    parts = []
    for heading, pattern in TOPICS:
        chosen = [path for path in remaining if re.match(pattern, path.stem)]
        remaining = [path for path in remaining if path not in chosen]
        if chosen:
            parts.append(f"## {heading}\n\n" + "\n".join(map(_entry, chosen)))
    return "\n\n".join(parts)


def _entry(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ").strip()
    head, colon, rest = title.partition(": ")
    if colon and head.lower().split()[0] in ("storage", "cluster", "pipeline"):
        title = rest
    title = title[:1].upper() + title[1:]
    return f"- [{title}]({path.stem}.md): {_question(text)}"


def _question(text: str) -> str:
    """The first sentence of the context; of a record of several decisions, their titles."""
    if "\n### Context\n" in text:
        titles = re.findall(r"^## (.+)$", text, re.M)
        return "; ".join(titles)
    found = re.search(r"^## Context\n(.+?)(?:\n\n|\Z)", text, re.M | re.S)
    paragraph = " ".join(found.group(1).split()) if found else ""
    return re.split(r"(?<=[.?!]) (?=[A-Z`])", paragraph)[0]

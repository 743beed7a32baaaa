"""The measures of quality and how to read them, from their table."""

import re

from markdown_table import code, table

from zpoints.storage.schema.quality import MEASURES, Measure

BETTER = {
    "higher": "the larger the better",
    "lower": "the smaller the better",
    "equal": "best where it equals that of photographs",
}
AIM = {"reconstruction": "best where it equals that of reconstructions"}
OTHERS = {"{level:g}": "given", "{judged}": "judged vectors", "{others}": "held-out vectors"}


def markdown() -> str:
    """A table with a row for each measure."""
    heading = ["measure", "what it is", "which value is right", "of vectors alone"]
    return table(heading, map(_row, MEASURES))


def _row(measure: Measure) -> tuple[str, ...]:
    reading = measure.reading or measure.meaning
    for name, text in OTHERS.items():
        reading = reading.replace(name, text)
    reading = re.sub(r"</?(i|code|b)>", "*", reading).replace("<", "\\<")
    right = BETTER[measure.better]
    if measure.better == "equal":
        right = AIM.get(measure.aim, right)
    what = reading[:1].upper() + reading[1:]
    return code(measure.name), what, right, "yes" if measure.of_vectors else "no"

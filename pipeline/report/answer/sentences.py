"""Three sentences: do vectors inside decode to images, what they cover, which generator to use."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from zpoints.pipeline.evaluate.merit import COPIES, SOUND, memorises, merits
from zpoints.pipeline.evaluate.recommendation import BOTH, Recommendation, recommend
from zpoints.pipeline.report.answer.choice import uniform
from zpoints.pipeline.report.answer.reproduction import face_rate, finds, reproduction_fault
from zpoints.pipeline.report.data import Generated, ReportData

YES, MOSTLY = 0.9, 0.5
"""Shares of what real vectors reach from which the answer is yes, and partly."""
AS_WELL = 0.5
"""Share of what real vectors reach from which uniform ones do so as well."""

QUESTIONS = {
    "faces": "Do vectors inside the region decode to faces?",
    "images": "Do vectors inside the region decode to images?",
    "vectors": "Are vectors drawn inside the region like the stored ones?",
}
COVER = "How much of the data do they cover?"
WHICH = "Which generator?"

FACES = "{found} in {drawn} of the images of {name}, in {real} of the reconstructions{uniform}."
PRECISION = (
    "{drawn} of the images of {name}, encoded again, lie among the photographs (precision); of "
    "other photographs {real}{uniform}."
)
PRECISION_OF_VECTORS = (
    "{drawn} of the vectors of {name} lie among the stored ones (precision); of held-out ones "
    "{real}{uniform}."
)
AS_WELL_TEXT = " Uniform vectors do so as well: it is not the region that makes the difference."
RECALL = (
    "{recall} of the held-out {others} lie among the {drawn} of {name} (recall; of other {others} "
    "{real_recall}), and {coverage} have one nearby (coverage; {real_coverage})."
)
UNMEASURED = "Not measured: the store holds no current quality of {name}. Run zpoints run CONFIG."
NO_MERIT = (
    "Not decided: the stored quality of {name} lacks measures that the merit needs, or is of "
    "another number than that of real. Run zpoints run CONFIG, which measures again."
)
NOTHING = "Nothing was drawn: name generators in sample.generators and run zpoints run CONFIG."
NONE_FIT = (
    "None yet: {name} comes nearest, with a merit of {merit:.2f}{why}; {sound:g} is needed (1: as "
    "good as {others}). {remedy}"
)
MEASURES = Markup('<a href="#quality-table">All measures</a>.')
MORE = "Train longer, or on more images; see the section on generators."
MORE_OF_VECTORS = "Store more vectors, or try other generators."


def sentences(data: ReportData) -> Markup:
    """The three answers as a list."""
    drawn = data.representative
    if (fault := reproduction_fault(data)) is not None:
        answers = [(QUESTIONS[data.what], Markup(escape(fault.answer)))]
    elif drawn is None:
        answers = [(QUESTIONS[data.what], Markup(escape(NOTHING)))]
    elif drawn.name not in data.quality or "real" not in data.quality:
        text = Markup(UNMEASURED).format(name=_code(drawn.name))
        answers = [(QUESTIONS[data.what], text)]
    else:
        answers = [
            (_question(data, drawn), _inside(data, drawn)),
            (COVER, _cover(data, drawn)),
            (WHICH, _which(data, drawn)),
        ]
    items = Markup("").join(Markup("<li><b>{}</b> {}</li>").format(*one) for one in answers)
    return Markup('<ol class="answers">{}</ol>').format(items)


def _question(data: ReportData, drawn: Generated) -> str:
    """The first question: of faces only where a face rate answers it."""
    if data.model is None:
        return QUESTIONS["vectors"]
    return QUESTIONS["faces" if _measure(data, drawn)[0] == "face_rate" else "images"]


def _inside(data: ReportData, drawn: Generated) -> Markup:
    """Whether images of drawn vectors are like photographs, and those of uniform ones are not."""
    key, text, reference = _measure(data, drawn)
    other = uniform(data.generated)
    names = {"drawn": drawn.name, "real": reference, "uniform": other.name if other else ""}
    found = {of: _value(data, name, key) for of, name in names.items()}
    outside = found["uniform"]
    shown = Markup(text).format(
        found=finds(data),
        name=_code(drawn.name),
        drawn=_share(found["drawn"]),
        real=_share(found["real"]),
        uniform=f" and in {_share(outside)} of those of uniform vectors"
        if np.isfinite(outside) and text is FACES
        else f", of uniform ones {_share(outside)}"
        if np.isfinite(outside)
        else "",
    )
    verdict = _verdict(found["drawn"], found["real"], ("Yes", "Partly", "No"))
    as_well = outside >= AS_WELL * found["real"] > 0
    return Markup("{}: {}{}").format(verdict, shown, AS_WELL_TEXT if as_well else "")


def _measure(data: ReportData, drawn: Generated) -> tuple[str, str, str]:
    """The measure that answers, its sentence, and the row that stands for the best."""
    if data.model is None:
        return "precision", PRECISION_OF_VECTORS, "real"
    rates = [face_rate(data, name) for name in (drawn.name, "reconstruction")]
    if np.isfinite(rates).all() and rates[1] > 0:
        return "face_rate", FACES, "reconstruction"
    return "precision", PRECISION, "real"


def _cover(data: ReportData, drawn: Generated) -> Markup:
    values = {
        f"{prefix}{key}": _value(data, name, key)
        for prefix, name in (("", drawn.name), ("real_", "real"))
        for key in ("recall", "coverage")
    }
    verdict = _verdict(values["recall"], values["real_recall"], ("Nearly all", "A part", "Little"))
    shown = {key: _share(value) for key, value in values.items()}
    others, drawn_things = (
        ("vectors", "vectors") if data.model is None else ("photographs", "images")
    )
    text = Markup(RECALL).format(name=_code(drawn.name), others=others, drawn=drawn_things, **shown)
    return Markup("{}: {}").format(verdict, text)


def _which(data: ReportData, drawn: Generated) -> Markup:
    found = recommend(data.quality)
    if found:
        return _recommended(found)
    value = merits(data.quality)[drawn.name].value
    copies = memorises(data.quality[drawn.name], data.quality["real"])
    if not np.isfinite(value):
        return Markup(NO_MERIT).format(name=_code(drawn.name))
    return Markup(NONE_FIT).format(
        name=_code(drawn.name),
        merit=value,
        why=f", but copies training vectors (originality below {COPIES:g})" if copies else "",
        sound=SOUND,
        others="held-out vectors" if data.model is None else "other photographs",
        remedy=MORE_OF_VECTORS if data.model is None else MORE,
    )


def _recommended(found: Sequence[Recommendation]) -> Markup:
    """The best of both first, then the others with what they cost."""
    best = next(one for one in found if one.purpose == BOTH)
    also = [one.purpose for one in found if one is not best and one.name == best.name]
    roles = " and ".join([", ".join([BOTH, *also[:-1]]), *also[-1:]])
    parts = [Markup("{}, {} ({} of 1).").format(_code(best.name), roles, best.reason)]
    for one in found:
        if one.name != best.name:
            because = "; ".join(part for part in (one.reason, one.price) if part)
            purpose = one.purpose.capitalize()
            parts.append(Markup("{}: {} ({}).").format(purpose, _code(one.name), because))
    return Markup(" ").join([*parts, MEASURES])


def _verdict(value: float, real: float, answers: tuple[str, str, str]) -> str:
    if not (np.isfinite(value) and real > 0):
        return "Not decided"
    yes, partly, no = answers
    return yes if value >= YES * real else partly if value >= MOSTLY * real else no


def _value(data: ReportData, name: str, key: str) -> float:
    row: Any = data.quality.get(name)
    return float(row[key]) if row is not None and key in row else np.nan


def _share(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else "–"


def _code(name: str) -> Markup:
    return Markup("<code>{}</code>").format(name)

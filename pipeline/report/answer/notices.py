"""What is wrong with a store, before everything else: each with its numbers and a remedy."""

from zpoints.pipeline.claims.uniform import VECTORS_PER_COMPONENT
from zpoints.pipeline.report.answer.reproduction import reproduction_fault
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.notice import Notice
from zpoints.pipeline.report.inputs import ReportStore
from zpoints.pipeline.spread import REMEDY, Spread

SAMPLES = "samples/"

RANK = (
    "Too few vectors for the number of components: {vectors:,} vectors vary along at most {rank:,} "
    "directions, of {components:,}."
)
FEW = (
    "Few vectors for the number of components: {vectors:,} for {components:,}, {each:.1f} per "
    "component; with fewer than {least} the covariance fits its own vectors better than others."
)
MORE_VECTORS = "Store at least {least:,} vectors, or ones with fewer components."
MORE_IMAGES = "Ingest at least {least:,} images, or train with a smaller train.z_dim."
INCOMPLETE = "{what} {state}, so that this page lacks {lacks}."
REPAIR = "Run: zpoints run CONFIG --root {root}"


def notices(store: ReportStore, data: ReportData) -> list[Notice]:
    """The faults of a run, the grave ones first, and generators that are left out.

    Parameters
    ----------
    store
        The store.
    data
        What the report shows of it.
    """
    left_out = [Notice(f"samples/{name} is left out. {why}") for name, why in data.left_out.items()]
    found = [*_unreproduced(data), *_collapsed(data), *_few(data), *_incomplete(store, data)]
    return [*sorted(found, key=lambda notice: not notice.grave), *left_out]


def _unreproduced(data: ReportData) -> list[Notice]:
    fault = reproduction_fault(data)
    return [] if fault is None else [Notice(fault.notice, fault.remedy, grave=True)]


def _collapsed(data: ReportData) -> list[Notice]:
    finding = Spread.from_statistics(data.statistics).finding
    return [Notice(finding, "" if data.model is None else REMEDY, grave=True)] if finding else []


def _few(data: ReportData) -> list[Notice]:
    components = data.statistics.sizes["component"]
    vectors = int(data.statistics["count"].values.max(initial=0))
    least = VECTORS_PER_COMPONENT * components
    if vectors >= least:
        return []
    short = vectors <= components
    text = (RANK if short else FEW).format(
        vectors=vectors,
        rank=max(vectors - 1, 0),
        components=components,
        each=vectors / components,
        least=VECTORS_PER_COMPONENT,
    )
    more = MORE_VECTORS if data.model is None else MORE_IMAGES
    return [Notice(text, more.format(least=least), grave=short)]


def _incomplete(store: ReportStore, data: ReportData) -> list[Notice]:
    """What a run makes and this version lacks, or has of earlier vectors."""
    held, drawn = set(store.groups), {one.name for one in data.generated}
    stored = {name.removeprefix(SAMPLES) for name in held if name.startswith(SAMPLES)}
    stale = stored - drawn - set(data.left_out)
    unjudged = drawn - set(data.quality)
    judged_before = {name for name in unjudged if f"quality/{name}" in held}
    found = []
    if data.structure is None:
        found.append(("The structure is", "structure" in held, "clusters and probes of labels"))
    if stale or not (drawn or data.left_out):
        found.append((f"Samples{_listed(stale)} are", bool(stale), "them"))
    for names, outdated in ((judged_before, True), (unjudged - judged_before, False)):
        if names:
            found.append((f"The quality of{_listed(names)} is", outdated, "its measures"))
    repair = REPAIR.format(root=store.root)
    return [
        Notice(
            INCOMPLETE.format(what=what, state="outdated" if outdated else "missing", lacks=lacks),
            repair,
            grave=True,
        )
        for what, outdated, lacks in found
    ]


def _listed(names: set[str], most: int = 4) -> str:
    """The first names, after a space; empty without names."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return " " * bool(names) + ", ".join(sorted(names)[:most]) + more

"""Clusters, accounts and terminals as sites have them, collapsed trainings, and queries."""

import shutil
import warnings
from collections.abc import Iterator

import numpy as np
import xarray as xr

from tests.cluster.run.test_collapsed import equal_content, run_of
from tests.cluster.situations.situation import (
    Command,
    Commands,
    Place,
    Situation,
    folder,
    ingest,
)
from tests.cluster.slurm_commands import BANNER, UNKNOWN, SlurmCommands
from tests.cluster.users import a_job, written
from tests.pipeline.ingest.photographs import small
from tests.synthetic_faces import draw_faces
from zpoints.cluster.jobs.record import Jobs
from zpoints.pipeline.ingest.images import checksum
from zpoints.pipeline.labels import Labels
from zpoints.storage import open_repository, open_store
from zpoints.storage.labels.splits import SPLITS

ON_SLURM = ("cluster.kind=slurm", "ingest.source=faces", "cluster.jobs.folder=.")


def slurm(
    place: Place, *, sbatch: str = "", squeue: str = "state=PENDING\n", scancel_errors: str = ""
) -> None:
    """Commands of a Slurm that print these answers."""
    commands = SlurmCommands.on_path(place.folder / "bin", place.patch)
    commands.answer("sbatch", sbatch)
    commands.answer("squeue", squeue)
    commands.answer("scancel", errors=scancel_errors)


def submit(answer: str) -> Commands:
    """Submit a run where sbatch answers so."""

    def commands(place: Place) -> list[Command]:
        slurm(place, sbatch=answer)
        draw_faces(place.folder / "faces", count=1, seed=0)
        options = [word for setting in ON_SLURM for word in ("--set", setting)]
        return [["submit", "demo", "--root", "store", *options]]

    return commands


def queued(place: Place) -> str:
    """The id of a job in the store, which Slurm knows as 519605."""
    job = a_job(batch="519605")
    Jobs(open_repository(place.folder / "store").root).add(job)
    return job.id


def cancel_unknown(place: Place) -> list[Command]:
    slurm(place, squeue="", scancel_errors=UNKNOWN)
    return [["cancel", queued(place), "--root", "store"]]


def list_queued(place: Place) -> list[Command]:
    slurm(place, squeue=f"{BANNER}state=PENDING\n")
    queued(place)
    return [["jobs", "store"]]


def jobs(place: Place) -> str:
    """State, number and cluster of each job in the store."""
    return ", ".join(
        f"{status.state} {status.job.batch} {status.job.batch_cluster or ''}".strip()
        for status in Jobs(str(place.folder / "store")).all()
    )


def collapsed(situation: str) -> Commands:
    """The second run on thirty black photographs, of which some may not be quite black."""

    def commands(place: Place) -> list[Command]:
        home = run_of(situation, place.given("tmp_path_factory"))
        shutil.copytree(home / "store", place.folder / "store")
        return [["run", home / "run.yaml", "--root", "store"]]

    return commands


def black(count: int) -> Commands:
    """Black photographs, all with a checksum that puts them into the test split."""
    content = next(it for it in equal_content() if checksum(it) % 10 == 1)
    return folder({f"{number}.png": content for number in range(count)})


def splits(place: Place) -> str:
    """Number of photographs of each split."""
    found = Labels(open_store(place.folder / "store").images).splits
    return ", ".join(f"{name}: {np.count_nonzero(found == name)}" for name in SPLITS)


def generators(place: Place) -> str:
    """Number of latents, generators that drew, and those left out."""
    store = open_store(place.folder / "store")
    drew, left_out = " ".join(sorted(store.sample_names)), " ".join(sorted(store.left_out))
    return f"{store.latents.sizes['image']} latents; {drew}; left out: {left_out}"


def homeless(*command: object, files: bool = True) -> Commands:
    """A command of a user id without a home folder."""

    def commands(place: Place) -> list[Command]:
        place.patch.delenv("HOME", raising=False)
        place.patch.delenv("XDG_STATE_HOME", raising=False)
        place.patch.setattr("pwd.getpwuid", _unknown)
        place.write({"faces/a.jpg": small(1)})
        return [list(command) or ingest("faces")]

    return commands


def _unknown(user: int) -> None:
    raise KeyError(f"getpwuid(): uid not found: {user}")


def selection(query: str) -> Commands:
    """Statistics of a selection in the store of the small run."""

    def commands(place: Place) -> list[Command]:
        place.given("small_until")("encode")
        config = written(place.given("small_config"), place.folder / "small.yaml")
        setting = f"analyze.selections={{it: {query!r}}}"
        return [["run", config, "--root", "store", "--until", "analyze", "--set", setting]]

    return commands


def selected(place: Place) -> str:
    """Names and sizes of the selections."""
    store = open_store(place.folder / "store")
    sizes = {it: int(store.selection(it)["count"].values[0]) for it in store.selection_names}
    return ", ".join(f"{name}: {size}" for name, size in sizes.items())


def exported(place: Place) -> Iterator[Command]:
    table = "file,Wearing Hat,a/b\n1.jpg,1,0\n2.jpg,0,1\n"
    yield from folder({"1.jpg": small(1), "2.jpg": small(2), "t.csv": table})(place)
    yield ["export", "store", "images", "out"]


def coordinates(place: Place) -> str:
    """Labels of an export as xarray opens them, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = xr.open_zarr(place.folder / "out")
    labels = (name for name, label in images.coords.items() if label.dtype == bool)
    return ", ".join(f"{name}: {images[name].values.tolist()}" for name in sorted(labels))


SLURM = [
    Situation(
        "a banner before the number", submit(f"{BANNER}519605\n"), "queued 519605", (), 0, jobs
    ),
    Situation(
        "a banner, a number and a cluster",
        submit(f"{BANNER}519605;east\n"),
        "queued 519605 east",
        (),
        0,
        jobs,
    ),
    Situation(
        "a banner without a number",
        submit(BANNER),
        "failed None",
        ("Welcome to Supercomputer3", "squeue --me"),
        1,
        jobs,
    ),
    Situation(
        "scancel does not know the number",
        cancel_unknown,
        "cancelled 519605",
        ("knows no job 519605",),
        1,
        jobs,
    ),
    Situation("a banner of squeue", list_queued, "queued 519605", ("queued",), 0, jobs),
]
"""Item 5: what a site's Slurm prints."""

COLLAPSED = [
    Situation(
        "black photographs",
        collapsed("black"),
        "30 latents; uniform; left out: ellipse ellipse_9 ellipse_original ellipsoid elliptical "
        "flow gaussian gaussian_mixture grid hats multivariate_normal neighbours path "
        "radial_mixture",
        ("have collapsed: all are equal", "lower train.learning_rate", "ellipse is left out."),
        0,
        generators,
        slow=True,
    ),
    Situation(
        "black photographs and two others",
        collapsed("two kinds"),
        "30 latents; ellipse gaussian; left out: ellipse_9",
        ("partly collapsed: they vary along 2", "ellipse_9 is left out."),
        0,
        generators,
        slow=True,
    ),
    Situation(
        "equal photographs whose checksum puts none into the training",
        black(10),
        "train: 8, validation: 1, test: 1",
        ("split by their order, not by their checksums",),
        0,
        splits,
    ),
]
"""Item 10: nothing to describe."""

NO_HOME = [
    Situation("a run", homeless(), "a.jpg=1", ("1 photograph.",), 0),
    Situation(
        "a root in the home folder",
        homeless(*ingest("faces", root="~/store")),
        None,
        ("home folder that this machine does not know",),
        2,
    ),
    Situation(
        "printed units",
        homeless(
            "schedule",
            "demo",
            "--cron",
            "0 3 * * *",
            "--root",
            "store",
            "--set",
            "ingest.source=faces",
            "--print",
            "cron",
        ),
        None,
        ("0 3 * * *",),
        0,
    ),
    Situation(
        "a list of jobs of no store",
        homeless("jobs"),
        None,
        ("No jobs in any store",),
        0,
    ),
]
"""Item 11: a user id without a home."""

TERMINALS = [
    Situation(
        "a run",
        folder({"Jörg.jpg": small(1)}),
        "Jörg.jpg=1",
        ("1 photograph.",),
        0,
        encoding="ascii",
    ),
    Situation(
        "a photograph that cannot be read",
        folder({"Jörg.jpg": b"", "b.jpg": small(1)}),
        "b.jpg=1, !Jörg.jpg",
        ("J?rg.jpg",),
        0,
        encoding="ascii",
    ),
    Situation(
        "an error",
        lambda place: [["history", "Jörg"]],
        None,
        ("J?rg",),
        2,
        encoding="ascii",
    ),
]
"""Item 12: terminals that are not UTF-8."""

QUERIES = [
    Situation(
        "a name in backticks",
        selection("`5_o_Clock_Shadow` and Young"),
        "it: 11",
        (),
        0,
        selected,
        slow=True,
    ),
    Situation(
        "a split", selection("split == 'test' and not Male"), "it: 14", (), 0, selected, slow=True
    ),
    Situation(
        "a name that no photograph has",
        selection("Smilling"),
        "",
        ("did you mean Smiling?",),
        2,
        selected,
        slow=True,
    ),
    Situation(
        "code",
        selection("Smiling.to_csv('file')"),
        "",
        ("Smiling>>>.<<<to_csv",),
        2,
        selected,
        slow=True,
    ),
    Situation(
        "an export of labels with spaces and slashes",
        exported,
        "Wearing_Hat: [True, False], a_b: [False, True]",
        (),
        0,
        coordinates,
    ),
]
"""Item 13: one language of queries; exports with labels as coordinates."""

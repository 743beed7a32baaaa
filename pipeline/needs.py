"""What each stage needs, in memory and on the disk, from the settings and the number of images.

`docs/decisions/pipeline-memory.md` has the measured peaks that the factors of the network follow.
"""

from dataclasses import dataclass, replace

import dask.array as da

from zpoints.pipeline.analyze.memory import memory_needed
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.evaluate.measures.sliced_wasserstein import (
    AT_ONCE,
    BLOCK,
    PATCH,
    PATCHES,
)
from zpoints.pipeline.evaluate.subject import BATCH
from zpoints.pipeline.memory import Memory
from zpoints.pipeline.network.device import DeviceName
from zpoints.pipeline.network.forward import DECODE_BATCH
from zpoints.pipeline.network.size import NetworkSize, network_size
from zpoints.pipeline.stage_run import Worker
from zpoints.pipeline.structure.memory import label_memory, task_memory
from zpoints.pipeline.train.elsewhere import elsewhere_size
from zpoints.pipeline.train.memory import training_memory
from zpoints.pipeline.train.state import architecture
from zpoints.storage.arrays.lazy import TASK_BYTES

PROCESS = 300 * 2**20
"""Bytes of a process that has loaded the libraries."""
TASK = 1024
"""Bytes that the driver holds of a task that is to be done."""
COPIES = 4
"""A chunk as computed, as a part of the result, with its checksum, and as the store sends it."""
STORED = 2
"""Copies of a network that is stored rather than trained, in addition to those of its use."""
FORWARD = 0.6
"""Values that a forward pass holds at once, as a share of those of all layers."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Needs of the stages for a number of photographs.

    Attributes
    ----------
    config
        The whole configuration.
    images
        Number of photographs.
    attributes
        Number of their attributes.
    """

    config: RunConfig
    images: int
    attributes: int

    @property
    def network(self) -> NetworkSize:
        """Size of the network; one of the user's is measured on a batch."""
        if self.config.imported is not None:
            return NetworkSize(weights=0, values=0, image=0)
        if (elsewhere := self.config.elsewhere) is not None:
            return elsewhere_size(elsewhere)
        side, channels = self.config.ingest.side, self.config.ingest.channels
        return network_size(architecture((self.images, side, side, channels), self.config.train))

    @property
    def photograph(self) -> int:
        """Bytes of a stored photograph; 0 where there are none."""
        return _photograph(self.config)

    @property
    def image(self) -> int:
        """Bytes of an image of the network; 0 where there is none."""
        return 0 if self.config.imported is not None else self.photograph

    @property
    def vector(self) -> int:
        """Bytes of a latent vector as stored."""
        return 4 * self.config.train.z_dim

    def disk(self, stage: str, rows: int) -> int:
        """Bytes that rows of a group of a stage take; 0 for the small groups."""
        each = {
            "ingest": self.photograph,
            "encode": self.vector,
            "import": self.vector,
            "sample": self.image + 2 * self.vector,
            "sweep": self.image,
        }
        return rows * each.get(stage, 0)

    def tasks(self, driver: Worker, stage: str, rows: int) -> Memory:
        """Memory of the driver for the tasks of a stage, one for each chunk of its rows.

        Parameters
        ----------
        driver
            The driver.
        stage
            Name of the stage, whose section has a setting `chunk`.
        rows
            Rows of its group.
        """
        section = "encode" if stage == "import" else stage
        tasks = TASK * -(-rows // getattr(self.config, section).chunk)
        fewer = {"sample": "lower sample.count, or raise sample.chunk"}
        remedies = {fewer.get(stage, f"raise {section}.chunk"): tasks}
        return _memory(f"The driver of {stage}", driver, {"tasks": tasks}, remedies, in_driver=True)

    def ingest(self, worker: Worker) -> Memory:
        """Memory of the ingest."""
        chunk = self.config.ingest.chunk
        rows = min(_busy(worker, self.images, chunk).threads * chunk, self.images)
        images = rows * COPIES * self.photograph
        remedies = {"lower ingest.chunk or ingest.side": images}
        return _memory("The ingest", worker, {"images": images}, remedies)

    def import_vectors(self, worker: Worker) -> Memory:
        """Memory of the import; vectors may have components of 8 bytes in their file."""
        rows = min(self.config.encode.chunk, self.images)
        vectors = worker.threads * rows * (COPIES + 2) * self.vector
        return _memory("The import", worker, {"vectors": vectors}, {"lower encode.chunk": vectors})

    def train(self, worker: Worker) -> Memory:
        """Memory of the training without its images, since the split is not known yet."""
        settings = self.config.train
        if self.config.elsewhere is not None:
            parts = {"network": STORED * self._network}
            return _memory("Storing the network", worker, parts, {}, in_driver=True)
        return training_memory(
            settings,
            self.network,
            self.images,
            held=max(PROCESS, worker.held),
            on_gpu=_on_gpu(settings.device, worker),
        )

    def encode(self, worker: Worker) -> Memory:
        """Memory of the encoding."""
        settings = self.config.encode
        worker = _busy(worker, self.images, settings.chunk)
        rows = min(settings.chunk, self.images)
        batch = self._passes(settings.device, worker, settings.batch)
        chunk = _at_once(settings.device, worker) * rows * (2 * self.image + COPIES * self.vector)
        return _memory(
            "The encoding",
            worker,
            {"network": self._network, "batches": batch, "chunks": chunk},
            {"lower encode.batch": batch, "lower encode.chunk": chunk},
        )

    def analyze(self, worker: Worker) -> Memory:
        """Memory of the analysis; the stage itself measures the process."""
        shape = (self.images, self.config.train.z_dim)
        return memory_needed(
            da.empty(shape, chunks=(self._rows_read, shape[1]), dtype="float32"),
            self.config.analyze,
            attributes=self.attributes,
            threads=_busy(worker, self.images, self._rows_read).threads,
            base=0,
        )

    def structure(self, worker: Worker) -> Memory:
        """Memory of a worker in the structure stage."""
        process = max(PROCESS, worker.held)
        components = self.config.train.z_dim
        threads = _busy(worker, self.images, self._rows_read).threads
        return task_memory(self._rows_read, components, threads, process=process)

    def structure_labels(self, driver: Worker) -> Memory:
        """Memory of the driver in the structure stage."""
        process = max(PROCESS, driver.held)
        components = self.config.train.z_dim
        return label_memory(self.images, self.attributes, components, process=process)

    def sample(self, worker: Worker, name: str, count: int) -> Memory:
        """Memory of the fit of a generator, and of the drawing and decoding of its vectors.

        Parameters
        ----------
        worker
            Capacity of a worker.
        name
            Name of the samples.
        count
            Number of vectors to draw.
        """
        settings = self.config.sample
        fit = settings.generators[name].fit_memory(self.images, self.config.train.z_dim)
        worker = _busy(worker, count, settings.chunk)
        rows = min(settings.chunk, count)
        drawn = COPIES * (self.image + 2 * self.vector)
        chunk = _at_once(settings.device, worker) * rows * drawn
        return _memory(
            "The sampling",
            worker,
            {
                "network": self._network,
                "batches": self._passes(settings.device, worker, min(DECODE_BATCH, rows)),
                "chunks": chunk,
                "fit": fit,
            },
            {
                "lower sample.chunk": chunk,
                f"lower vectors or parts of sample.generators.{name}": fit,
            },
        )

    def evaluate(self, worker: Worker) -> Memory:
        """Memory of the evaluation of one generator's images, or vectors."""
        count = min(self.config.evaluate.count, self.images)
        sets = self._sets(count) * (2 if self.config.evaluate.inception else 1)
        vectors = min(worker.threads, 4) * 2 * count * COPIES * self.vector
        return _memory(
            "The evaluation",
            worker,
            {
                "network": self._network,
                "batches": self._passes(self.config.evaluate.device, worker, BATCH),
                "images": sets,
                "vectors": vectors,
            },
            {"lower evaluate.count": sets + vectors},
        )

    def sweep(self, worker: Worker) -> Memory:
        """Memory of the sweep, each of whose tasks judges a whole set."""
        count = min(self.config.sweep.count, self.images)
        at_once = _at_once(self.config.sweep.device, worker)
        sets = at_once * self._sets(count)
        vectors = at_once * 2 * count * COPIES * self.vector
        components = self.config.train.z_dim
        fits = [law.fit_memory(self.images, components) for law in self.config.sweep.known_laws]
        fit = at_once * max(fits)
        return _memory(
            "The sweep",
            worker,
            {
                "network": self._network,
                "batches": self._passes(self.config.sweep.device, worker, BATCH),
                "images": sets,
                "vectors": vectors,
                "fit": fit,
            },
            {
                "lower sweep.count": sets + vectors,
                "lower vectors or parts of sweep.parameters or sweep.grid": fit,
            },
        )

    @property
    def _rows_read(self) -> int:
        """Vectors of a task that reads the latents."""
        return min(max(self.config.encode.chunk, TASK_BYTES[0] // self.vector), self.images)

    @property
    def _network(self) -> int:
        return 2 * 4 * self.network.weights  # as stored, and as used

    def _passes(self, device: DeviceName, worker: Worker, batch: int) -> int:
        """Bytes of forward passes and of their images, one in each task; 0 on a GPU.

        A GPU has memory of its own. `network.device.gpu_memory` reports that it ran out.
        """
        if _on_gpu(device, worker):
            return 0
        each = batch * (FORWARD * 4 * self.network.values + 5 * self.image)
        return worker.threads * int(each)

    def _sets(self, count: int) -> int:
        """Bytes of two sets of images, the patches of a level, and the pyramids of some of them."""
        if not self.image:
            return 0
        ingest = self.config.ingest
        patches = PATCHES * PATCH**2 * ingest.channels * 4  # of one level
        projections = 8 * PATCHES * AT_ONCE * 4
        pyramids = min(count, BLOCK) * 5 * 4 * self.image
        pixels = 3 * 4 * self.image * count  # as numbers, of one set
        return 2 * count * (2 * self.image + 3 * patches + projections) + pyramids + pixels


def report_memory(config: RunConfig, driver: Worker) -> Memory:
    """Memory of the report: the vectors and the images that it shows."""
    settings, groups = config.report, len(config.sample.generators)
    points = settings.scatter_points * (1 + groups) * 3 * 4 * config.train.z_dim
    shown = settings.faces * groups + 2 * settings.reconstructions
    images = max(COPIES, 16) * shown * _photograph(config)
    remedies = {
        "lower report.scatter_points": points,
        "lower report.faces or report.reconstructions": images,
    }
    parts = {"vectors": points, "images": images}
    return _memory("The report", driver, parts, remedies, in_driver=True)


def _photograph(config: RunConfig) -> int:
    """Bytes of a stored photograph; 0 where there are none."""
    if config.imported is not None and config.ingest.source is None:
        return 0
    return config.ingest.side**2 * config.ingest.channels


def _busy(worker: Worker, rows: int, chunk: int) -> Worker:
    """The worker with no more threads than there are chunks."""
    return replace(worker, threads=min(worker.threads, max(1, -(-rows // chunk))))


def _on_gpu(device: DeviceName, worker: Worker) -> bool:
    """Whether tasks with the network run on the worker's GPU."""
    return device != "cpu" and worker.gpu_tasks > 0


def _at_once(device: DeviceName, worker: Worker) -> int:
    """Number of tasks with the network that the worker runs at once."""
    return min(worker.threads, worker.gpu_tasks) if _on_gpu(device, worker) else worker.threads


def _memory(
    work: str,
    worker: Worker,
    parts: dict[str, int],
    remedies: dict[str, int],
    *,
    in_driver: bool = False,
) -> Memory:
    parts = {"process": max(PROCESS, worker.held), **parts}
    return Memory(work=work, parts=parts, remedies=remedies, in_driver=in_driver)

"""The training log `tensorboard`: events in the training's folder, a run for TensorBoard."""

from collections.abc import Sequence
from shlex import quote

import yaml
from torch.utils.tensorboard import SummaryWriter

from zpoints.pipeline.parts.training_log import Epoch, Outcome, Training
from zpoints.storage.text import printed


class TensorBoardLog:
    """A curve per value over the number of the epoch, and the settings as text.

    A resumed training begins another file, whose first event makes TensorBoard drop what earlier
    files hold of the epochs that follow.
    """

    _writer: SummaryWriter

    def begin(self, training: Training, finished: Sequence[Epoch]) -> str:
        """Begin a file of events."""
        folder = training.folder
        folder.mkdir(parents=True, exist_ok=True)
        earlier = any(folder.glob("events.out.tfevents.*"))
        kept = len(finished) if earlier and training.resumed else 0
        self._writer = SummaryWriter(str(folder), purge_step=kept + 1 if earlier else None)
        if not earlier:
            settings = yaml.safe_dump(dict(training.settings), sort_keys=False)
            block = "".join(f"    {line}\n" for line in settings.splitlines())  # code in Markdown
            self._writer.add_text("settings", block, 0)
        for epoch in finished[kept:]:
            self._add(epoch)
        self._writer.flush()
        return f"tensorboard --logdir {quote(printed(str(folder.parent)))}"

    def record(self, epoch: Epoch) -> None:
        """Add a point to each curve."""
        self._add(epoch)
        self._writer.flush()

    def end(self, outcome: Outcome) -> None:
        """Close the file."""
        self._writer.close()

    def _add(self, epoch: Epoch) -> None:
        time = epoch.time.timestamp() if epoch.time else None
        for name, value in epoch.curves.items():
            self._writer.add_scalar(name, value, epoch.epoch, walltime=time)

"""A thread per training log, so that no log can stop, slow or change the training."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from zpoints.pipeline.parts.training_log import Epoch, Outcome, Training, TrainingLog
from zpoints.storage.backend.buckets.bucket import without_userinfo
from zpoints.storage.text import one_line

LONGEST = 300
"""Characters of a cause in a line."""


class LogThread:
    """Writes one log in a thread of its own, which ends with the process at the latest.

    Parameters
    ----------
    name
        Name of the log.
    make
        Makes the log, in the thread.
    """

    def __init__(self, name: str, make: Callable[[str], TrainingLog]) -> None:
        self.name = name
        self._make = make
        self._events: SimpleQueue[Epoch | Outcome] = SimpleQueue()
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._thread: Thread | None = None

    def begin(self, training: Training, finished: Sequence[Epoch]) -> None:
        """Start the thread, which opens the log.

        Parameters
        ----------
        training, finished
            As in `TrainingLog.begin`.
        """
        self._thread = Thread(
            target=self._write, args=(training, finished), name=f"log {self.name}", daemon=True
        )
        self._thread.start()

    def record(self, epoch: Epoch) -> None:
        """Hand over an epoch."""
        self._events.put(epoch)

    def end(self, outcome: Outcome) -> None:
        """Hand over the end of the training."""
        self._events.put(outcome)

    def wait(self, seconds: float) -> bool:
        """Wait until everything is written, for a limited time; whether it is."""
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def lines(self) -> list[str]:
        """What there is to report since the last call."""
        found = []
        while True:
            try:
                found.append(self._lines.get_nowait())
            except Empty:
                return found

    def _write(self, training: Training, finished: Sequence[Epoch]) -> None:
        where = "at its beginning"
        try:
            log = self._make(self.name)
            place = log.begin(training, finished)
            self._lines.put(f"Training log {self.name}: {one_line(str(place))}")
            while isinstance(event := self._events.get(), Epoch):
                where = f"in epoch {event.epoch}"
                log.record(event)
            where = "at its end"
            log.end(event)
        except BaseException as error:  # whatever a library or a package raises ends its log only
            first_line = f"{type(error).__name__}: {error}".splitlines()[0]
            cause = one_line(without_userinfo(first_line))[:LONGEST]
            self._lines.put(
                f"The training log {self.name} stopped {where} ({cause.rstrip('.')}). The training "
                f"goes on without it; remove the cause, or leave {self.name} out of train.log."
            )

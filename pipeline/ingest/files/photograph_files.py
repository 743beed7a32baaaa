"""What reads the photographs of a source."""

from typing import ClassVar, Protocol


class PhotographFiles(Protocol):
    """Files of photographs; small enough to travel in a task.

    Attributes
    ----------
    at_once
        Concurrent reads of a task; more than 1 where each costs a round trip.
    """

    at_once: ClassVar[int]

    def read(self, key: str) -> bytes:
        """Content of one photograph.

        Raises
        ------
        PhotographError
            If only this photograph cannot be read.
        SourceError
            If the source as a whole cannot be read, e.g. because it has vanished.
        """
        ...

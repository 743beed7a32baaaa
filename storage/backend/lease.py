"""A lease: a small object that names its holder, who renews it before it expires.

Its holders decide how long: `RUN_LOCK_SECONDS` in run_lock.py, `SILENT_SECONDS` of a schedule.
"""

import json
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from zpoints.storage.backend.blobs import Blobs

Facts = Mapping[str, Any]
"""Content of a lease, as JSON."""


class LeaseHeldError(Exception):
    """Another holder's lease is valid; `facts` are its content."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.facts = facts


class LeaseLostError(Exception):
    """Another holder has claimed the lease after it had expired."""


class Lease:
    """The right to do something alone, recorded in an object under a store's root.

    Parameters
    ----------
    blobs, name
        The object.
    holder
        Identifies the holder in the facts; the same for all renewals.
    valid
        Whether a lease with these facts keeps others away; false once it has expired.
    """

    def __init__(
        self,
        blobs: Blobs,
        name: str,
        *,
        holder: Callable[[Facts], Hashable],
        valid: Callable[[Facts], bool],
    ) -> None:
        self._blobs = blobs
        self._name = name
        self._holder = holder
        self._valid = valid

    def facts(self) -> Facts:
        """Content of the lease; empty if there is none."""
        return parse_facts(self._blobs.get(self._name))

    def claim(self, facts_after: Callable[[Facts], Facts]) -> Facts:
        """Take the lease if nobody holds it; of several that try at once, one succeeds.

        Parameters
        ----------
        facts_after
            Makes the holder's facts from those before, which are empty for a first lease. No other
            holder may make the same ones.

        Returns
        -------
        Mapping
            The facts before.

        Raises
        ------
        LeaseHeldError
            If another holder's lease is valid.
        """
        before: Facts = {}

        def claimed(content: bytes | None) -> bytes:
            nonlocal before
            before = parse_facts(content)
            if before and self._valid(before):
                raise LeaseHeldError(before)
            return _packed(facts_after(before))

        self._blobs.update(self._name, claimed, unique=True)
        return before

    def renew(self, facts: Facts) -> None:
        """Write newer facts of the same holder.

        Raises
        ------
        LeaseLostError
            If another holder has claimed the lease.
        """

        def renewed(content: bytes | None) -> bytes:
            if not self._is_held_by(facts, content):
                raise LeaseLostError
            return _packed(facts)

        self._blobs.update(self._name, renewed)

    def release(self, facts: Facts) -> None:
        """Remove the lease, unless another holder has claimed it."""
        if self._is_held_by(facts, self._blobs.get(self._name)):
            self._blobs.delete(self._name)

    def _is_held_by(self, facts: Facts, content: bytes | None) -> bool:
        found = parse_facts(content)
        return bool(found) and self._holder(found) == self._holder(facts)


def parse_facts(content: bytes | None) -> Facts:
    """Facts of an object; empty if it is absent or not a lease. Their values are not validated."""
    try:
        facts = json.loads(content or b"")
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _packed(facts: Facts) -> bytes:
    return json.dumps(dict(facts)).encode()

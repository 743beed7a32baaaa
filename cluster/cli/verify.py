"""The verification of a store, as the command line runs it."""

from dataclasses import dataclass

from zpoints.pipeline.encode.reencode import verify_latents
from zpoints.pipeline.progress import Console, counted
from zpoints.storage import open_store
from zpoints.storage.verify.chunks import Finding
from zpoints.storage.verify.store import WHOLE, verify

REMEDY = (
    " Roll back to an older version if its chunks are whole (zpoints history, zpoints verify "
    "--version), restore the files from a backup, or run into a new root."
)


@dataclass(frozen=True)
class Verified:
    """What was found, and a line that says how much was looked at."""

    findings: tuple[Finding, ...]
    summary: str

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged and nothing disagrees; notes do not count."""
        return all(finding.kind == "note" for finding in self.findings)


def verify_store(root: str, *, sample: float, version: str | None, console: Console) -> Verified:
    """Read a store back, compare its parts, and encode a few of its images again.

    Parameters
    ----------
    root
        Where the store lies.
    sample
        Percentage of the chunks to read.
    version
        A published version; the newest one by default.
    console
        Where progress goes.

    Raises
    ------
    ZpointsError
        If there is no store, or no such version.
    """
    done = 0
    with console.bar("verify", total=int(WHOLE), unit="%") as advance:

        def show(checked: int, total: int) -> None:
            nonlocal done
            if (percent := int(WHOLE * checked / total)) > done:
                done = percent
                advance(percent, f"{checked:,} of {counted(total, 'chunk')}")

        found = verify(root, version=version, sample=sample, on_progress=show)
    findings = found.findings
    if found.ok and found.version is not None:
        findings += verify_latents(open_store(root, version=found.version))
    faults = sum(finding.kind != "note" for finding in findings)
    share = "" if sample == WHOLE else f" ({sample:g} % of all)"
    return Verified(
        findings,
        f"{counted(found.chunks, 'chunk')}{share}, {found.bytes / 2**20:,.1f} MiB of version "
        f"{found.version or 'unknown'}: {counted(faults, 'fault') if faults else 'no faults'}."
        + (faults > 0)
        * REMEDY,
    )

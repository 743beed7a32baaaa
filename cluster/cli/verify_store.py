"""Verifies a store for the command line: its chunks, and a few images encoded again."""

from dataclasses import dataclass

from zpoints.pipeline.encode.verify_latents import verify_latents
from zpoints.pipeline.progress import Console, counted
from zpoints.storage import open_store
from zpoints.storage.verify.chunks import Finding
from zpoints.storage.verify.store import WHOLE, verify

REMEDY = (
    " Roll back to an older version if its chunks are intact (zpoints history, zpoints verify "
    "--version), restore the files from a backup, or run again with a new root."
)


@dataclass(frozen=True)
class VerificationSummary:
    """Findings, and a line on how much was verified."""

    findings: tuple[Finding, ...]
    summary: str

    @property
    def ok(self) -> bool:
        """Whether there are no findings apart from notes."""
        return all(finding.kind == "note" for finding in self.findings)


def verify_store(
    root: str, *, sample: float, version: str | None, console: Console
) -> VerificationSummary:
    """Read the chunks of a store, compare its groups, and encode a few of its images again.

    Parameters
    ----------
    root
        Root of the store.
    sample
        Percentage of the chunks to read.
    version
        As in `open_store`; the latest by default.
    console
        Shows progress.

    Returns
    -------
    VerificationSummary
        The findings.

    Raises
    ------
    StoreNotFoundError
        If there is no store or no such version.
    VersionError
        As in `open_store`.
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
    summary = (
        f"{counted(found.chunks, 'chunk')}{share}, {found.bytes / 2**20:,.1f} MiB of version "
        f"{found.version or 'unknown'}: {counted(faults, 'fault') if faults else 'no faults'}."
    )
    # Without a version that can be read, the fault itself names the way back.
    remedy = REMEDY if faults and found.version is not None else ""
    return VerificationSummary(findings, summary + remedy)

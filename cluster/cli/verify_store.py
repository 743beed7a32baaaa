"""Verifies a store for the command line: its chunks, and a few images encoded again."""

from dataclasses import asdict, dataclass
from typing import Any

from zpoints.extras import MissingExtraError
from zpoints.pipeline.progress import Console, counted
from zpoints.storage import open_store
from zpoints.storage.verify.chunks import Finding
from zpoints.storage.verify.store import WHOLE, Verification, verify

REMEDY = (
    "Roll back to an older version whose chunks are intact (zpoints history, zpoints verify "
    "--version), restore the files from a backup, or run again with a new root."
)


@dataclass(frozen=True, kw_only=True)
class VerificationSummary:
    """What a verification has found.

    Attributes
    ----------
    found
        Its result, without the images that were encoded again.
    findings
        All findings.
    sample
        Percentage of the chunks that were read.
    """

    found: Verification
    findings: tuple[Finding, ...]
    sample: float

    @property
    def ok(self) -> bool:
        """Whether there are no findings apart from notes."""
        return not self.faults

    @property
    def faults(self) -> list[Finding]:
        """The findings apart from notes."""
        return [finding for finding in self.findings if finding.kind != "note"]

    @property
    def lines(self) -> list[str]:
        """The answer, then the findings, then what to do."""
        version = self.found.version
        answer = counted(len(self.faults), "fault") if self.faults else "No faults"
        share = "" if self.sample == WHOLE else f" ({self.sample:g} % of all)"
        lines = [
            f"{answer} in version {version or 'unknown'}; read "
            f"{counted(self.found.chunks, 'chunk')}{share}, {self.found.bytes / 2**20:,.1f} MiB."
        ]
        lines += [f"{it.kind}: {it.subject}: {it.message}" for it in self.findings]
        # Without a version that can be read, the fault itself names the way back.
        return [*lines, REMEDY] if self.faults and version is not None else lines

    @property
    def facts(self) -> dict[str, Any]:
        """The same as JSON has it.

        Keys: ``ok``; ``version``, null if the store could not be opened; ``chunks`` and ``bytes``
        that were read; ``sample``, a percentage; ``faults``, a number; ``findings``, each with
        ``kind`` (damage, mismatch or note), ``subject`` and ``message``.
        """
        return {
            "ok": self.ok,
            "version": self.found.version,
            "chunks": self.found.chunks,
            "bytes": self.found.bytes,
            "sample": self.sample,
            "faults": len(self.faults),
            "findings": [asdict(finding) for finding in self.findings],
        }


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
        findings += _encoded_again(root, found.version)
    return VerificationSummary(found=found, findings=findings, sample=sample)


def _encoded_again(root: str, version: str) -> tuple[Finding, ...]:
    """Findings from encoding some images again; a note where that is not possible."""
    try:
        from zpoints.pipeline.encode.verify_latents import verify_latents  # loads torch
    except MissingExtraError as error:
        return (Finding("note", "latents", f"no image was encoded again. {error}"),)
    return verify_latents(open_store(root, version=version))

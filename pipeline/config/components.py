"""Settings that name components fit the number of components that the vectors have."""

from zpoints.pipeline.analyze.config import AnalyzeConfig
from zpoints.pipeline.parts.generator import Generator
from zpoints.pipeline.sample.config import SampleConfig
from zpoints.pipeline.sample.laws.conditional import Conditional
from zpoints.pipeline.sweep.config import SweepConfig


def check_components(
    analyze: AnalyzeConfig,
    sample: SampleConfig,
    sweep: SweepConfig,
    width: int,
    vectors: str | None = None,
) -> None:
    """Check the numbers of components in a configuration.

    Parameters
    ----------
    analyze, sample, sweep
        The sections that name components.
    width
        Number of components of the vectors.
    vectors
        Location of imported vectors; None for those of a network, whose `train.z_dim` it is.

    Raises
    ------
    ValueError
        If a setting needs more components.
    """
    of = f"train.z_dim = {width}" if vectors is None else f"{width} components of {vectors}"
    lower = "lower it, or raise train.z_dim" if vectors is None else "lower it"
    most = of if vectors is not None else f"{of} components"
    _check_generators(sample, width, of, f"exceeds the {most}; {lower}")
    for law in sweep.known_laws:
        given = "parameters" if "K" in sweep.parameters or "axes" in sweep.parameters else "grid"
        _check_law(f"sweep.{given}", law, width, of, f"exceeds the {most}; {lower}")
    for name in ("original", "pc"):
        numbers = [i for pair in getattr(analyze.pairs, name) or () for i in pair]
        if max(numbers, default=0) >= width:
            raise ValueError(
                f"analyze.pairs.{name} has an invalid component {max(numbers)}; expected 0 to "
                f"{width - 1} ({of})"
            )


def _check_generators(config: SampleConfig, width: int, of: str, exceeds: str) -> None:
    for name, parameters in config.generators.items():
        _check_law(f"sample.generators.{name}", parameters, width, of, exceeds)


def _check_law(section: str, law: Generator, width: int, of: str, exceeds: str) -> None:
    if isinstance(law, Conditional):
        section, law = f"{section}.base", law.base
    leading = getattr(law, "K", None) or 0
    if leading > width:
        raise ValueError(f"{section}.K = {leading} {exceeds}")
    highest = max(getattr(law, "axes", ()), default=-1)
    if highest >= width:
        raise ValueError(
            f"{section}.axes: invalid component {highest}; expected 0 to {width - 1} ({of})"
        )

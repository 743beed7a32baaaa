"""Drawing of latent vectors as a pure function of the seed and the sample number."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import ValidationError

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.parts.generator import Generator, Sampler
from zpoints.pipeline.sample.registry import GENERATORS, parameter_names
from zpoints.pipeline.settings import fault_message, setting_path
from zpoints.storage.errors import instead, nearest
from zpoints.storage.schema.attributes import as_netcdf
from zpoints.storage.schema.description import described

BLOCK = 256
"""Samples drawn together: block b holds the samples b * BLOCK to (b + 1) * BLOCK - 1."""

CALL = 'call zp.draw("ellipse", store.statistics, 8, K=4), or store.draw("ellipse", 8, K=4).'
"""How vectors are drawn, for messages."""

Drawn = tuple[NDArray[np.float32], NDArray[np.float32]]


def draw(
    name: str,
    statistics: xr.Dataset | None = None,
    n: int | None = None,
    seed: int = 0,
    latents: xr.Dataset | None = None,
    paired: bool = False,
    **parameters: Any,
) -> xr.Dataset:
    """Draw n latent vectors with a generator fitted to stored statistics.

    Which generator for what depends on the data; `store.recommended()` chooses. On faces, best of
    both: `radial_mixture`. Cleanest: the same with `radius=0.35`. Most diverse:
    `gaussian_mixture`.

    Parameters
    ----------
    name
        One of `GENERATORS`.
    statistics
        The `statistics` group; for `conditional` the statistics of its selection.
    n
        Number of vectors. `grid` and `path` have a fixed number, after which they repeat.
    seed
        Not negative. Vector i depends only on the seed, the name and i: a longer draw starts with
        the same vectors.
    latents
        The `latents` group, for laws that are fitted to the vectors themselves and for a `path`
        between images.
    paired
        Whether all generators use the same random numbers: vectors of one number then correspond,
        for comparing laws.
    parameters
        Fields of the generator's model, such as `b` or `K`; defaults where omitted.

    Returns
    -------
    xr.Dataset
        `z (sample, component)` float32 and its PCA coordinates `v (sample, pc)` float32, with the
        attributes generator, parameters, seed, and constraint.

    Raises
    ------
    SampleError
        If the generator is unknown, a parameter is wrong, or the statistics do not support it.

    Examples
    --------
    >>> import dask.array as da
    >>> from zpoints.pipeline.analyze import analyze
    >>> statistics = analyze(da.random.default_rng(0).normal(size=(1000, 8)))
    >>> draw("ellipse", statistics, 5, K=4)["z"].shape
    (5, 8)
    """
    chosen = generator(name, **parameters)
    if not isinstance(statistics, xr.Dataset) or "loadings" not in statistics:
        raise SampleError(f"Got {_kind(statistics)} for the group statistics of a store; {CALL}")
    if latents is not None and not (isinstance(latents, xr.Dataset) and "z" in latents):
        raise SampleError(f"Got {_kind(latents)} for the latents; pass latents=store.latents.")
    if not isinstance(n, int | np.integer) or n < 0:
        raise SampleError(f"n = {n!r}: expected the number of vectors to draw, 0 or more.")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise SampleError(f"seed = {seed!r}: expected an integer that is not negative.")
    sampler = chosen.fit(statistics, latents)
    stream = None if paired else name
    z, v = draw_rows(sampler, Basis.from_statistics(statistics), int(seed), 0, n, name=stream)
    drawn = xr.Dataset(
        {"z": (("sample", "component"), z), "v": (("sample", "pc"), v)},
        attrs=as_netcdf(sample_attrs(chosen, int(seed), sampler.constraint, paired=paired)),
    )
    return described(f"samples/{name}", drawn)


def generator(name: str, **parameters: Any) -> Generator:
    """Validate the parameters of a generator.

    Raises
    ------
    SampleError
        If the generator is unknown, or a parameter is unknown or out of range.
    """
    if not isinstance(name, str):
        raise SampleError(f"Got {_kind(name)} for the name of a generator; {CALL}")
    if name not in GENERATORS:
        raise SampleError(f"Unknown generator {name!r}; {instead(name, GENERATORS)}.")
    try:
        chosen = GENERATORS[name](generator=name, **parameters)
    except ValidationError as error:
        reasons = "; ".join(
            _reason(fault, parameters, parameter_names(name)) for fault in error.errors()
        )
        known = ", ".join(parameter_names(name)) or "none"
        raise SampleError(f"Generator {name!r}: {reasons}. It takes: {known}.") from None
    for key, value in parameters.items():
        # Pydantic reads numbers from text and from True, which is never meant.
        if isinstance(value, str | bool) and type(getattr(chosen, key)) is not type(value):
            raise SampleError(
                f"Generator {name!r}: {key} = {value!r}: expected a number, got "
                f"{'text' if isinstance(value, str) else 'true or false'}."
            )
    return chosen


def _kind(value: Any) -> str:
    """What a value is, for a message."""
    if isinstance(value, xr.Dataset):
        names = ", ".join(map(str, list(value)[:3])) or "no variables"
        return f"a Dataset with {names}"
    if value is None:
        return "nothing"
    return repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _reason(fault: Mapping[str, Any], parameters: Mapping[str, Any], known: Sequence[str]) -> str:
    where = ".".join(setting_path(fault, parameters))
    if fault["type"] in ("value_error", "missing"):
        return " ".join(filter(None, (where, fault_message(fault))))
    alike = nearest(where, known) if fault["type"] == "extra_forbidden" else []
    question = f" (did you mean {alike[0]}?)" if alike else ""
    return f"{where} = {fault['input']!r}: {fault_message(fault)}{question}"


def sample_attrs(chosen: Generator, seed: int, constraint: str, *, paired: bool) -> dict[str, Any]:
    """Attributes of a group of samples that describe how it was drawn.

    Parameters
    ----------
    chosen
        The generator with its parameters.
    seed
        Seed of the draw.
    constraint
        That of the fitted generator; empty if it could not be fitted.
    paired
        Whether the random numbers are those of all generators of the seed.
    """
    return {
        "generator": chosen.generator,
        "parameters": chosen.model_dump(mode="json", exclude={"generator"}),
        "seed": seed,
        "paired": paired,
        "constraint": constraint,
    }


def draw_rows(
    sampler: Sampler, basis: Basis, seed: int, start: int, stop: int, *, name: str | None = None
) -> Drawn:
    """Draw the samples start to stop - 1.

    A sample has the same bytes whatever range it is drawn with.

    Parameters
    ----------
    sampler
        What `Generator.fit` returned.
    basis
        Principal components of the statistics that the sampler was fitted to.
    seed
        Not negative.
    start, stop
        Range of sample numbers, 0 <= start <= stop.
    name
        Name with a stream of random numbers of its own; None for the stream that all generators of
        the seed share.

    Returns
    -------
    z, v
        (stop - start, N) float32: latent vectors and their PCA coordinates.

    Raises
    ------
    SampleError
        If the seed is negative, or the range is invalid.
    """
    if seed < 0 or not 0 <= start <= stop:
        raise SampleError(
            f"Invalid samples {start} to {stop} of seed {seed}: expected a seed and a start of at "
            "least 0, and an end not before the start."
        )
    z = np.empty((stop - start, len(basis.mean)), np.float32)
    v = np.zeros_like(z)
    with single_threaded_blas():
        for block, inside in _blocks(start, stop):
            rows = slice(inside.start + block * BLOCK - start, inside.stop + block * BLOCK - start)
            entropy = (seed, block) if name is None else (seed, _number(name), block)
            rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy)))
            # Always a whole block: the bits of a matrix product may depend on its shape.
            drawn = sampler.draw(rng, range(block * BLOCK, (block + 1) * BLOCK))
            if sampler.space == "pc":
                z[rows], v[rows, : drawn.shape[1]] = basis.back(drawn)[inside], drawn[inside]
            else:
                z[rows], v[rows] = drawn[inside], basis.project(drawn)[inside]
    return z, v


def _number(name: str) -> int:
    """A number of 64 bits that differs from name to name, on every machine the same."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "little")


def _blocks(start: int, stop: int) -> Iterator[tuple[int, slice]]:
    """Blocks that overlap the range, with the rows of each block inside it."""
    for block in range(start // BLOCK, -(-stop // BLOCK) if stop > start else 0):
        first = block * BLOCK
        yield block, slice(max(start - first, 0), min(stop - first, BLOCK))

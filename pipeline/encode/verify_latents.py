"""Verifies the stored latents: encodes some stored images again and compares."""

from collections.abc import Iterator

import numpy as np

from zpoints.pipeline.errors import NetworkError
from zpoints.pipeline.network.device import DeviceName
from zpoints.pipeline.network.serving import load_network
from zpoints.storage import Store
from zpoints.storage.backend.location import reaching
from zpoints.storage.errors import ZpointsError
from zpoints.storage.rows import Rows
from zpoints.storage.verify.chunks import Finding

IMAGES = 64
TOLERANCE = 1e-3
"""Allowed deviation as a share of the root mean square of the compared values.

Encoding uses float32 on every device, without TF32. Devices, libraries and batch sizes differ in
the order of sums; with 6e-8 per rounding, a dozen layers stay far below this limit. Latents of
another model, or of another image, differ by about their own size.
"""


def verify_latents(
    store: Store,
    *,
    images: int = IMAGES,
    seed: int = 0,
    device: DeviceName = "auto",
) -> tuple[Finding, ...]:
    """Encode some stored images with the stored model and compare with the stored latents.

    Parameters
    ----------
    store
        A version whose chunks are undamaged according to `zpoints.storage.verify.store.verify`.
    images
        Number of rows to encode, chosen at random.
    seed
        Seed of the choice.
    device
        Device that encodes.

    Returns
    -------
    tuple of Finding
        A mismatch each for `z` and `reconstruction_error` if they deviate; damage if something
        cannot be read; a note if the network needs code that the environment variable
        ZPOINTS_NETWORK does not name. Empty if the version has no latents, or if they belong to an
        older model or to older images, which `verify` notes.
    """
    present = {"images", "model", "latents"} <= set(store.groups)
    if not present or not store.is_current("latents"):
        return ()
    count = store.array("latents", "z").shape[0]
    rows = np.random.default_rng(seed).choice(count, min(images, count), replace=False)
    try:
        with reaching(store.root):
            return tuple(_deviations(store, np.sort(rows), device))
    except NetworkError as error:  # code that is not named or not here: nothing is damaged
        return (Finding("note", "latents", f"z was not encoded again. {error}"),)
    except ZpointsError as error:
        return (Finding("damage", "latents", str(error)),)


def _deviations(store: Store, rows: np.ndarray, device: DeviceName) -> Iterator[Finding]:
    network = load_network(store.root, store.version, device)
    pixels = Rows(store.root, store.version, "images", "pixels").take(rows)
    encoded = network.encode(pixels, batch=len(rows))
    for name, expected in encoded.items():
        if name not in store.latents.variables:
            continue
        stored = Rows(store.root, store.version, "latents", name).take(rows)
        wrong = _deviating(stored, expected)
        if wrong.any():
            message = (
                f"{wrong.sum():,} of {len(rows):,} rows differ from the stored images encoded with "
                f"the stored model; the first is row {rows[wrong][0]:,}."
            )
            yield Finding("mismatch", f"latents/{name}", message)


def _deviating(stored: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """(row) bool: which rows deviate."""
    if stored.shape != expected.shape:
        return np.ones(len(expected), dtype=bool)
    finite = np.nan_to_num(expected.astype(np.float64), posinf=0.0, neginf=0.0)
    size = np.sqrt(np.mean(finite**2))
    same = np.isclose(stored, expected, rtol=0, atol=TOLERANCE * size, equal_nan=True)
    return ~same.reshape(len(same), -1).all(axis=1)

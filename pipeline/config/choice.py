"""Chooses settings from the photographs and their number, for the preset `folder`."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from zpoints.pipeline.config.commented_yaml import as_yaml
from zpoints.pipeline.config.run import Chosen, RunConfig, override
from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.decoding.image import open_image
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.network.stored import stored_architecture
from zpoints.pipeline.progress import Console, counted
from zpoints.pipeline.train.elsewhere import network_width
from zpoints.storage import Store
from zpoints.storage.labels.splits import TRAINING_SHARE

LOOKED_AT = 32
"""Photographs whose sizes and colours are looked at."""
SIDES = (32, 64)
"""Smallest and largest side that is chosen; larger ones take several times as long."""
COMPONENTS = (8, 256)
"""Smallest and largest number of components that is chosen; both powers of 2."""
PER_COMPONENT = 20
"""Photographs for each component that a covariance needs."""
SEEN = 400_000
"""Images that a training sees, within the limits of `EPOCHS`."""
EPOCHS = (12, 200)


class Choice(NamedTuple):
    """A value and why it was chosen."""

    value: Any
    reason: str


def choose_from_photographs(
    config: RunConfig, source: Source, store: Store | None, console: Console
) -> RunConfig:
    """Replace the settings that `choose` lists, and report each with its reason.

    Results that exist decide first: photographs that are added must not change the network.

    Parameters
    ----------
    config
        The configuration; without `choose` it is returned as it is.
    source
        The photographs, of which some are read.
    store
        The newest version; None if there is none yet.
    console
        Shows what was chosen, and a warning where there are too few photographs.

    Raises
    ------
    ConfigError
        If other settings do not fit those that were chosen.
    """
    if not config.choose:
        return config
    count = min(len(source.names), config.ingest.limit or len(source.names))
    stored = dict(_stored(store)) if store is not None else {}
    found = {**dict(_from_photographs(source, count)), **stored}
    if config.elsewhere is not None:
        found |= _from_network(config, found)
        config = config.model_copy(update={"choose": _without_epochs(config)})
    chosen: dict[str, Choice] = {key: found[key] for key in config.choose}
    if chosen:
        console.line(
            f"Chosen from {counted(count, 'photograph')} (--set SECTION.KEY=VALUE sets a value):"
        )
    for key, choice in chosen.items():
        console.line(f"  {key} = {as_yaml(choice.value)}: {choice.reason}")
    config = _with(config, chosen)
    if config.imported is None and count < PER_COMPONENT * config.train.z_dim:
        console.line(
            f"Too few photographs for the components: expected at least {PER_COMPONENT} for each "
            f"of {config.train.z_dim}, {PER_COMPONENT * config.train.z_dim:,} in all, got "
            f"{count:,}. The statistics will be noisy; add photographs"
            + (", or lower train.z_dim." if config.elsewhere is None else ".")
        )
    return config


def _with(config: RunConfig, chosen: Mapping[str, Choice]) -> RunConfig:
    return override(config, [f"{key}={as_yaml(c.value)}" for key, c in chosen.items()])


def _without_epochs(config: RunConfig) -> tuple[Chosen, ...]:
    """What is chosen where nothing is trained."""
    return tuple(key for key in config.choose if key != "train.epochs")


def _from_network(config: RunConfig, found: Mapping[str, Choice]) -> Mapping[str, Choice]:
    """The components of a network that was trained elsewhere, for images of the chosen size."""
    if "train.z_dim" not in config.choose:
        return {}
    cut: dict[str, Choice] = {key: found[key] for key in config.choose if key.startswith("ingest.")}
    network = _with(config, cut).elsewhere
    assert network is not None
    width = network_width(network)
    return {"train.z_dim": Choice(width, f"the components that {network.encode} returns")}


def _from_photographs(source: Source, count: int) -> Iterator[tuple[str, Choice]]:
    sizes, grey = _look_at(source)
    shorter = int(np.median([min(size) for size in sizes])) if sizes else SIDES[1]
    alike = f"{sizes[0][0]} x {sizes[0][1]}" if len(set(sizes)) == 1 else "several sizes"
    yield "ingest.crop", Choice(None, f"the largest central square of photographs of {alike}")
    side = int(np.clip(shorter // 16 * 16, *SIDES))
    why = f"the multiple of 16 within their shorter side ({shorter}), {SIDES[0]} to {SIDES[1]}"
    yield "ingest.side", Choice(side, why)
    why = "all that were looked at are grey" if grey else "some are coloured"
    yield "ingest.channels", Choice(1 if grey else 3, why)
    training = max(1, int(TRAINING_SHARE * count))
    power = 2 ** int(np.log2(max(1, training / PER_COMPONENT)))
    z_dim = int(np.clip(power, *COMPONENTS))
    why = (
        f"the power of 2 with {PER_COMPONENT} of about {training:,} training images for each, "
        f"{COMPONENTS[0]} to {COMPONENTS[1]}"
    )
    yield "train.z_dim", Choice(z_dim, why)
    epochs = int(np.clip(round(SEEN / training), *EPOCHS))
    why = f"the training then sees {epochs * training:,} images; {EPOCHS[0]} to {EPOCHS[1]}"
    yield "train.epochs", Choice(epochs, why)


def _look_at(source: Source) -> tuple[list[tuple[int, int]], bool]:
    """Width and height of some photographs, evenly spaced, and whether all are grey."""
    sizes, grey = [], True
    count = len(source.names)
    for row in np.unique(np.linspace(0, count - 1, min(LOOKED_AT, count)).astype(int)):
        try:
            image = open_image(source.files.read(source.keys[row]), "RGB")
        except PhotographError:
            continue  # the ingest quarantines it
        pixels = np.asarray(image)
        sizes.append((image.width, image.height))
        grey &= bool((pixels == pixels[..., :1]).all())
    return sizes, grey


def _stored(store: Store) -> Iterator[tuple[str, Choice]]:
    """What the store's images and model have."""
    if store.is_current("images"):
        images, why = store.images, "as in the stored images"
        yield "ingest.crop", Choice(images.attrs.get("crop"), why)
        yield "ingest.side", Choice(images.sizes["y"], why)
        yield "ingest.channels", Choice(images.sizes["channel"], why)
    if store.is_current("model"):
        why = "as in the stored model"
        yield "train.z_dim", Choice(stored_architecture(store.model).z_dim, why)
        if "epoch" in store.model.sizes:  # not of a network that was trained elsewhere
            yield "train.epochs", Choice(store.model.sizes["epoch"], why)

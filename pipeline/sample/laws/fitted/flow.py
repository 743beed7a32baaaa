"""A normalising flow: an invertible network that takes the vectors to normal ones.

It is trained by zuko, which calls the coupling transformations NICE. PyTorch and zuko are loaded
when a flow is fitted or drawn from.
"""

from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, Self, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.errors import FewVectorsError, SampleError
from zpoints.pipeline.parts.generator import Floats, require_spread
from zpoints.pipeline.sample.laws.ellipsoid import directions
from zpoints.pipeline.sample.laws.fitted.vectors import Vectors, divided, training_vectors
from zpoints.pipeline.sample.laws.law import Law

if TYPE_CHECKING:
    import torch
    from zuko.flows import NICE

    from zpoints.pipeline.network.device import DeviceName

MOST_LEADING = 100
"""Default of K if as many components vary."""
TRANSFORMS, HIDDEN = 6, (128, 128)
"""Coupling transformations, and the hidden layers of the network that each has."""
STEEPEST = 10.0
"""Largest factor by which one transformation stretches a coordinate, so that none explodes."""
BATCH, RATE, STEEPEST_STEP = 256, 3e-3, 5.0
"""Vectors of a step, the learning rate of Adam, and the norm to which gradients are cut."""
PATIENCE = 8
"""Epochs without a better likelihood after which the training ends."""
FEWEST = 4
ROUNDING = 1e-6
"""Length of a remainder, in standard deviations, up to which it counts as 0."""


class Flow(Law):
    """Affine coupling transformations of K whitened PCA coordinates and the remainder's length.

    The other coordinates have a uniform direction and the length that the flow draws with the
    leading ones, so that heavy tails reach all components. The flow is fitted to the vectors of the
    training split until the likelihood of the validation split is best: no more than is learnt of
    the data, as opposed to single vectors, is kept.

    References
    ----------
    Dinh, Sohl-Dickstein & Bengio (2017), Density estimation using Real NVP.
    """

    generator: Literal["flow"] = "flow"
    K: int | None = Field(
        default=None,
        ge=1,
        description="Number of leading principal components that the flow transforms; null: "
        f"{MOST_LEADING}, or all that vary if fewer do.",
    )
    epochs: int = Field(
        default=60,
        ge=0,
        le=10_000,
        description="Largest number of passes of the training; it ends earlier if the validation "
        "split gains nothing.",
    )
    vectors: int = Field(
        default=50_000,
        ge=FEWEST,
        le=10_000_000,
        description="Largest number of training vectors that the flow is fitted to.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**63 - 1,
        description="Seed of the first weights and of the order of the training vectors.",
    )
    _device: str = PrivateAttr("auto")

    @property
    def reads(self) -> tuple[str, ...]:
        """The statistics, and the vectors themselves."""
        return ("statistics", "latents")

    def placed(self, device: str) -> Self:
        """The same flow, trained on this device."""
        copy = self.model_copy()
        copy._device = device
        return copy

    def fit_memory(self, images: int, components: int) -> int:
        """The vectors while they are read and projected, and PyTorch's training."""
        vectors, width = min(images, self.vectors), min(self.K or MOST_LEADING, components) + 1
        network = TRANSFORMS * sum(a * b for a, b in ((width, HIDDEN[0]), HIDDEN, (128, width)))
        return vectors * (components * 28 + width * 8) + 16 * network + BATCH * 2**16

    def fit_law(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> "FlowSampler":
        """Train the flow; the same for any number of threads."""
        require_spread(statistics, self.generator)
        basis = Basis.from_statistics(statistics).varying_part
        kept = self.K or min(MOST_LEADING, basis.rank)
        if basis.rank < kept:
            raise SampleError(
                f"The generator 'flow' cannot keep K = {kept} principal components, since the "
                f"latent vectors vary along {basis.rank} only: set K to at most {basis.rank}."
            )
        vectors = training_vectors(latents, self.generator).sample(self.vectors).load()
        if len(vectors) < FEWEST:
            raise FewVectorsError(
                f"The generator 'flow' needs at least {FEWEST} finite vectors in the training "
                f"split, not {len(vectors)}: store more, or leave it out."
            )
        with single_threaded_blas():
            points = [_points(basis, z, kept) for z in divided(vectors, latents)]
        centre, spread = points[0].mean(axis=0), points[0].std(axis=0)
        spread = np.where(spread > ROUNDING, spread, 1.0)
        train, others = (((p - centre) / spread).astype(np.float32) for p in points)
        return FlowSampler(self._trained(train, others), centre, spread, basis.deviations, kept)

    def _trained(self, train: Vectors, others: Vectors) -> "NICE":
        """The flow with the best likelihood of the others, on the CPU, in double precision."""
        import torch

        from zpoints.pipeline.network.device import choose_device, gpu_memory, single_torch_thread

        device = choose_device(cast("DeviceName", self._device))
        with single_torch_thread(), gpu_memory("Set sample.device to cpu."):
            flow = _new_flow(train.shape[1], self.seed).to(device)
            x, y = (torch.from_numpy(part).to(device) for part in (train, others))
            orders = np.random.default_rng(self.seed)
            optimizer = torch.optim.Adam(flow.parameters(), RATE)
            best, state, waited = _score(flow, y), deepcopy(flow.state_dict()), 0
            for _ in range(self.epochs):
                _train_epoch(flow, optimizer, x, orders.permutation(len(x)))
                score = _score(flow, y)
                waited = 0 if score > best else waited + 1
                if score > best:
                    best, state = score, deepcopy(flow.state_dict())
                elif waited == PATIENCE:
                    break
            flow.load_state_dict(state)
            return flow.cpu().double().requires_grad_(False)


def _points(basis: Basis, z: Vectors, kept: int) -> Floats:
    """What the flow describes: leading whitened coordinates, then the log length of the others."""
    w = basis.whiten(z.astype(np.float64))
    if w.shape[1] == kept:
        return w
    length = np.linalg.norm(w[:, kept:], axis=1, keepdims=True)
    return np.concatenate([w[:, :kept], np.log(np.maximum(length, ROUNDING))], axis=1)


def _new_flow(features: int, seed: int) -> "NICE":
    """The flow of a normal distribution (features,), to be trained from random weights.

    The last layers are 0, so that no transformation changes anything at first: the likelihood of
    the fitted flow is at least that of the normal distribution.
    """
    import torch
    from zuko.flows import NICE
    from zuko.transforms import MonotonicAffineTransform

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        flow = NICE(
            features,
            transforms=TRANSFORMS,
            hidden_features=HIDDEN,
            randmask=True,
            univariate=partial(MonotonicAffineTransform, slope=1 / STEEPEST),
        )
    for transform in flow.transform.transforms:
        for parameter in list(transform.parameters())[-2:]:
            torch.nn.init.zeros_(parameter)
    return flow


def _train_epoch(
    flow: "NICE",
    optimizer: "torch.optim.Optimizer",
    x: "torch.Tensor",
    order: NDArray[np.int64],
) -> None:
    """One step for each batch of the rows of x (vector, feature), in this order."""
    import torch

    for rows in torch.from_numpy(order).to(x.device).split(BATCH):
        loss = -flow().log_prob(x[rows]).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), STEEPEST_STEP)
        optimizer.step()


def _score(flow: "NICE", others: "torch.Tensor") -> float:
    """Mean log-likelihood of the rows (vector, feature)."""
    import torch

    with torch.inference_mode():
        parts = [flow().log_prob(part).sum().double() for part in others.split(16 * BATCH)]
        return float(torch.stack(parts).sum() / len(others))


@dataclass(frozen=True)
class FlowSampler:
    """v = w s: leading w by the flow, the others uniform in direction with the length it draws.

    Attributes
    ----------
    flow
        Takes points to standard normal ones, in double precision.
    centre, spread
        (feature,) of the points, by which they are standardised.
    deviation
        (D,) standard deviations s along the principal components that vary.
    kept
        Number K of leading ones.
    """

    flow: "NICE"
    centre: Floats
    spread: Floats
    deviation: Floats
    kept: int
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The law."""
        others = len(self.deviation) - self.kept
        rest = f"; the other {others} uniform in direction, of a length that it draws too"
        return (
            f"a normalising flow of the {self.kept} leading principal components"
            f"{rest if others else ''}, fitted to latent vectors"
        )

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), D) of PCA coordinates."""
        import torch

        from zpoints.pipeline.network.device import single_torch_thread

        normal = torch.from_numpy(rng.standard_normal((len(samples), len(self.centre))))
        with single_torch_thread(), torch.inference_mode():
            points = self.flow().transform.inv(normal).numpy() * self.spread + self.centre
        w = points[:, : self.kept]
        if self.kept < len(self.deviation):
            rest = directions(rng, len(samples), len(self.deviation) - self.kept)
            w = np.concatenate([w, rest * np.exp(points[:, self.kept :])], axis=1)
        return w * self.deviation

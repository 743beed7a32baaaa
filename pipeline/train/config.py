"""Settings of the training."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from zpoints.pipeline.parts import installed
from zpoints.pipeline.parts.code import CodeName
from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings
from zpoints.storage.errors import instead

LOGS = ("csv", "tensorboard", "mlflow")
"""The training logs that zpoints writes itself."""


def _roman(value: Any) -> Any:
    return {"I": 1, "II": 2}.get(value, value) if isinstance(value, str) else value


def _names(value: Any) -> Any:
    """A list of names; one name, or null for none, may take its place."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def known_logs() -> tuple[str, ...]:
    """Values of `train.log`: zpoints' own logs and those that installed packages offer."""
    return (*LOGS, *(name for name, _ in installed.offered(installed.TRAINING_LOGS)))


def _logs(names: tuple[str, ...]) -> tuple[str, ...]:
    known = known_logs()
    for name in names:
        if name not in known:
            raise ValueError(f"unknown training log {name!r}; {instead(name, known)}")
    return tuple(dict.fromkeys(names))


def _local(text: str | None) -> str | None:
    if text is not None and "://" in text:
        raise ValueError(
            f"expected a folder on the machine that trains, got {text}; other programs copy a "
            "finished log into a bucket"
        )
    return text


class TrainConfig(Settings):
    """The autoencoder and its training."""

    network: Annotated[CodeName | None, NOT_IN_FINGERPRINT] = Field(
        None,
        description="own network as package.module:Class, a torch.nn.Module with encode and decode "
        "(case, activation and batch_norm are not used then); null takes the built-in one",
    )
    network_options: Annotated[dict[str, JsonValue], NOT_IN_FINGERPRINT] = Field(
        {},
        description="keyword arguments of the class; image_size, channels and z_dim are added "
        "where it takes them",
    )
    case: Annotated[Literal[1, 2], BeforeValidator(_roman)] = Field(
        1, description="layers: 1 (32-64-128-256 filters, kernels 3), 2 (64-64-128-128, 5-5-3-3)"
    )
    z_dim: int = Field(256, ge=2, le=4096, description="components of a latent vector")
    activation: Literal["leaky_relu", "relu", "selu"] = Field(
        "leaky_relu", description="leaky_relu, relu or selu"
    )
    batch_norm: bool = Field(False, description="batch normalisation after every convolution")
    loss: Literal["mse", "bce"] = Field(
        "mse",
        description="mse (mean squared error) or bce (binary cross-entropy); an own network with a "
        "method loss has its own",
    )
    edges: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="weight of an added term, the mean squared difference between the gradients of "
        "a reconstruction and of its photograph; 0 leaves it out. Reported losses are without it",
    )
    mirror: bool = Field(
        False,
        description="mirror each photograph of a training batch left-right with probability 1/2; "
        "validation and test are as they are",
    )
    epochs: int = Field(24, ge=1, le=10_000, description="passes over the training split")
    batch: int = Field(64, ge=2, le=65536, description="images per optimiser step")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="peak (one_cycle) or fixed rate")
    schedule: Literal["one_cycle", "constant"] = Field(
        "one_cycle", description="course of the learning rate: one_cycle or constant"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="auto takes bfloat16 autocast where the processor supports it, and float32 for "
        "an own network",
    )
    device: Annotated[Literal["auto", "cpu", "cuda"], NOT_IN_FINGERPRINT] = Field(
        "auto", description="auto: CUDA if available"
    )
    threads: Annotated[int | None, NOT_IN_FINGERPRINT] = Field(
        None,
        ge=1,
        le=1024,
        description="processor threads of the training; null: one for each core. The weights "
        "depend on it in their last bits. On a machine that others use, fewer may be faster",
    )
    on_growth: Annotated[Literal["keep", "retrain"], NOT_IN_FINGERPRINT] = Field(
        "keep", description="what to do when photographs are added: keep (the model) or retrain"
    )
    seed: int = Field(
        0, ge=0, le=2**63 - 1, description="seed of the initial weights and the order of images"
    )
    log: Annotated[
        tuple[str, ...],
        BeforeValidator(_names, json_schema_input_type=str | list[str] | None),
        AfterValidator(_logs),
        NOT_IN_FINGERPRINT,
    ] = Field(
        (),
        description="logs that get a row after each epoch: csv, tensorboard, mlflow (the last two "
        "need the extra of that name) or one of an installed package; one name or a list",
    )
    log_folder: Annotated[str | None, AfterValidator(_local), NOT_IN_FINGERPRINT] = Field(
        None,
        description="folder of these logs on the machine that trains; null: the folder logs in the "
        "root, or zpoints-logs in the working folder if the root is in a bucket",
    )

    @model_validator(mode="after")
    def _options_belong_to_a_network(self) -> Self:
        if self.network_options and self.network is None:
            raise ValueError(
                "network_options are the arguments of train.network, which is not set; set it, "
                "e.g. train.network=faces.vae:Vae, or leave the options out"
            )
        return self


class ElsewhereConfig(Settings):
    """A network that was trained elsewhere, put together from other sections.

    Attributes
    ----------
    encode, decode
        The settings encode.network and decode.network; the hashes of the files stand for them.
    z_dim, side, channels
        Sizes of vectors and images.
    """

    encode: Annotated[str, NOT_IN_FINGERPRINT]
    decode: Annotated[str, NOT_IN_FINGERPRINT]
    z_dim: int
    side: int
    channels: Literal[1, 3]

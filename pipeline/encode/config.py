"""Settings of the encode stage."""

from typing import Annotated, Literal

from pydantic import Field

from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings


class EncodeConfig(Settings):
    """How images are encoded into latent vectors."""

    batch: int = Field(
        256,
        ge=1,
        le=65536,
        description="images per forward pass; decides the last bits of the latents",
    )
    chunk: int = Field(
        2048,
        ge=1,
        le=1_048_576,
        description="vectors per chunk and per task of analyze; best a multiple of ingest.chunk",
    )
    device: Annotated[Literal["auto", "cpu", "cuda"], NOT_IN_FINGERPRINT] = Field(
        "auto", description="auto: CUDA if available"
    )
    network: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        None,
        description="encoder of a network that was trained elsewhere: a program of "
        "torch.export.save (.pt2), an ONNX file (.onnx) or package.module:function; null takes the "
        "trained network. Needs decode.network, and train.z_dim as its vectors have it",
    )


class DecodeConfig(Settings):
    """How latent vectors are decoded into images, wherever a stage does so."""

    network: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        None,
        description="decoder of a network that was trained elsewhere, in the same forms as "
        "encode.network",
    )

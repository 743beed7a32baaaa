"""The network on a GPU; most tests are skipped where there is none."""

import numpy as np
import pytest
import torch
import xarray as xr

from zpoints.pipeline.errors import DeviceError
from zpoints.pipeline.network.device import gpu_memory
from zpoints.pipeline.network.serving import restore_network
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import train
from zpoints.pipeline.train.model_group import model_dataset

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def photographs(count: int, seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


def trained(**settings) -> xr.Dataset:
    config = TrainConfig(z_dim=32, epochs=3, batch=64, device="cuda", **settings)
    return model_dataset(*train(*(torch.from_numpy(photographs(n)) for n in (512, 64)), config))


@on_gpu
@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_train__repeats_itself_to_the_bit(precision: str) -> None:
    assert trained(precision=precision).identical(trained(precision=precision))


@on_gpu
@pytest.mark.parametrize("case", [1, 2])
def test_network__repeats_its_bytes_and_agrees_with_the_cpu(case: int) -> None:
    stored, images = trained(case=case), photographs(256, seed=1)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32 = False, True
    network = restore_network(stored, "cuda")

    codes = [network.encode(images, batch=128) for _ in range(5)]
    decoded = [network.decode(codes[0]["z"]) for _ in range(5)]

    for again in codes[1:]:
        for name, values in again.items():
            np.testing.assert_array_equal(values, codes[0][name])
    for pixels in decoded[1:]:
        np.testing.assert_array_equal(pixels, decoded[0])
    z = restore_network(stored, "cpu").encode(images, batch=128)["z"]
    assert np.abs(z - codes[0]["z"]).max() < 1e-4 * z.std()


@on_gpu
def test_gpu_memory__adds_the_remedy_to_the_message() -> None:
    free, _ = torch.cuda.mem_get_info()

    with pytest.raises(DeviceError, match=r"Lower train\.batch"), gpu_memory("Lower train.batch."):
        torch.empty(2 * free, dtype=torch.uint8, device="cuda")


def test_gpu_memory__recognises_cublas_and_leaves_other_errors() -> None:
    full = "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"

    with pytest.raises(DeviceError, match="ran out of memory"), gpu_memory("Wait."):
        raise RuntimeError(full)
    with pytest.raises(RuntimeError, match="mat1 and mat2"), gpu_memory("Wait."):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

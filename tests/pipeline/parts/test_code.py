"""Code that a store names is imported only if the user names it."""

import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.pipeline.network.own_networks import NAME
from zpoints.pipeline.errors import NetworkError
from zpoints.pipeline.network.elsewhere.network import pack_parts
from zpoints.pipeline.network.stored import ElsewhereArchitecture, Part
from zpoints.pipeline.network.weights import parts_dataset
from zpoints.pipeline.parts.code import ENVIRONMENT, is_code_name, source_digest
from zpoints.storage import Store, open_repository, open_store
from zpoints.storage.errors import StoreError

EVIL = "evil_module"
SIZES = {"side": 32, "channels": 3, "z_dim": 16}
HASH = {"sha256": "0" * 64}


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[dict], Store]:
    """Publishes a model of an architecture and opens the store as anybody would."""

    def publish(architecture: dict) -> Store:
        data = pack_parts({"encode": b"1", "decode": b"2"})
        dataset = xr.Dataset({"weights": ("byte", np.frombuffer(data, np.uint8))})
        root = tmp_path / "store"
        work = open_repository(root).begin(stage="train", fingerprint="cc", groups=("model",))
        attrs = {"architecture": architecture, "sha256": sha256(data).hexdigest()}
        work.create("model", dataset, attrs=attrs)
        work.publish(message="model", rows=1)
        return open_store(root)

    return publish


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module on the path that leaves a file when it is imported; the file."""
    marker = tmp_path / "imported"
    (tmp_path / f"{EVIL}.py").write_text(f"open({str(marker)!r}, 'w')\nVae = encode = print\n")
    monkeypatch.syspath_prepend(tmp_path)
    return marker


def own(name: str) -> dict:
    return {"network": name, "options": {}, "source": "0" * 64, **SIZES}


def function(name: str) -> dict:
    part = {"kind": "function", "name": name, **HASH}
    return {"encode": part, "decode": {**part, "name": "os:system"}, **SIZES}


ATTACKS = {
    "a class": (own(f"{EVIL}:Vae"), None, NetworkError, f"code '{EVIL}:Vae'.*got no name"),
    "a function of the system": (own("os:system"), None, NetworkError, "code 'os:system'"),
    "another class than the named one": (
        own(f"{EVIL}:Vae"),
        f"{NAME}Vae",
        NetworkError,
        f"got {NAME}Vae",
    ),
    "functions": (function(f"{EVIL}:encode"), None, NetworkError, f"code '{EVIL}:encode'"),
    "a second function beside a named one": (
        function(f"{EVIL}:encode"),
        f"{EVIL}:encode",
        NetworkError,
        "code 'os:system'",
    ),
    "an expression": (own(f"__import__('{EVIL}')"), None, StoreError, "description.*not valid"),
    "a dotted attribute": (own(f"{EVIL}:a.b"), None, StoreError, "description.*not valid"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_decode__imports_nothing_that_only_the_store_names(
    attack: str, stored: Callable[[dict], Store], evil: Path
) -> None:
    architecture, named, error, message = ATTACKS[attack]
    store = stored(architecture)

    with pytest.raises(error, match=message):
        store.decode(np.zeros((1, 16)), network=named)
    assert EVIL not in sys.modules
    assert not evil.exists()


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_decode__uses_functions_that_the_user_names(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{NAME}encode_means", f"{NAME}decode_means"]
    parts = [Part(kind="function", name=name, sha256=source_digest(name)) for name in names]
    architecture = ElsewhereArchitecture(encode=parts[0], decode=parts[1], **SIZES)
    dataset = parts_dataset(architecture, {"encode": b"1", "decode": b"2"})
    work = open_repository(tmp_path).begin(stage="train", fingerprint="cc", groups=("model",))
    work.create("model", dataset)
    work.publish(message="model", rows=1)
    if way == "environment":
        monkeypatch.setenv(ENVIRONMENT, ", ".join(names))

    named = None if way == "environment" else ",".join(names)
    images = open_store(tmp_path).decode(np.full((2, 16), 0.2), network=named)

    assert images.shape == (2, 32, 32, 3)
    assert (images == 51).all()


@pytest.mark.parametrize("text", ["a:b", "a.b_1:C"])
def test_is_code_name__accepts(text: str) -> None:
    assert is_code_name(text)


@pytest.mark.parametrize(
    "text", ["a", "a:", ":a", "a:b()", "a b:c", "a..b:c", "a:b\n", "é:b", "1:b"]
)
def test_is_code_name__refuses(text: str) -> None:
    assert not is_code_name(text)

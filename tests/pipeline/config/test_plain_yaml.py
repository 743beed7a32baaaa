"""Configurations that a person would not write, and the messages about them."""

from itertools import pairwise
from pathlib import Path

import pytest

from zpoints.pipeline.config.plain_yaml import MOST_BYTES
from zpoints.pipeline.config.run import RunConfig, load_config, override
from zpoints.pipeline.errors import ConfigError

LETTERS = "abcdefghi"
LAUGHS = "".join(
    f"{name}: &{name} [{', '.join([f'*{before}' if before else 'x'] * 9)}]\n"
    for before, name in zip(["", *LETTERS], LETTERS, strict=False)
)
MERGED_LAUGHS = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n"
    for before, name in pairwise(LETTERS)
)
REFUSED = {
    "a section twice": ("train: {epochs: 3}\ntrain: {batch: 4}", "'train' a second time.*line 2"),
    "a key twice": ("train:\n  epochs: 3\n  epochs: 4", "'epochs' a second time, after line 2"),
    "a key twice, deep inside": (
        "sample: {generators: {a: {generator: gaussian, generator: grid}}}",
        "'generator' a second time",
    ),
    "merge keys twice": ("<<: {root: a}\n<<: {root: b}", "'<<' a second time"),
    "laughs": (LAUGHS, "more than 100,000 values, counted with its aliases"),
    "merged laughs": (MERGED_LAUGHS, "more than 100,000 values"),
    "many values before a mistake": ("[" + "x," * 100_001 + "}", "more than 100,000 values"),
    "an alias in itself": ("train: &a {epochs: *a}", "an alias inside the value that it refers to"),
    "brackets": ("[" * 3000, "more than 50 lists or settings"),
    "braces": ("train: " + "{a: " * 3000, "more than 50 lists or settings"),
    "dashes": ("- " * 3000 + "x", "more than 50 lists or settings"),
    "a long number": ("train: {epochs: " + "1" * 5000 + "}", "a number of 5,000 characters"),
    "a long hexadecimal one": ("sample: {count: 0x" + "f" * 5000 + "}", "of 5,002 characters"),
    "an unknown tag": ("root: !!python/object/apply:os.system [id]", "found the tag .*os.system"),
    "a set": ("train: !!set {epochs}", "found the tag .*set"),
    "a tag that does not fit": (
        "root: !!int abc",
        "'abc'; expected a valid int, or text in quotes",
    ),
    "an invalid boolean": ("root: !!bool maybe", "'maybe'; expected a valid bool"),
    "an invalid date": ("root: 2026-99-99", "'2026-99-99'; expected a valid timestamp"),
    "a number as a key": ("train: {1: 2}", "the key '1'; expected text, so put it in quotes"),
    "a boolean as a key": ("on: {}", "the key 'on'; expected text"),
    "null as a key": ("~: {}", "the key '~'; expected text"),
    "a list as a key": ("? [a]\n: b", "a list or settings as a key; expected text"),
    "a list as a key, called text": ("? !!str [a]\n: b", "a list or settings as a key"),
    "settings as a key": ("? {a: 1}\n: b", "a list or settings as a key"),
    "settings as a merge key": ("? !!merge {a: 1}\n: {b: 2}", "a list or settings as a key"),
    "a list, called text": ("root: !!str [a]", "expected a scalar node"),
    "text, called a list": ("root: !!seq a", "expected a sequence node"),
    "NUL": ('root: "a\\0b"', "NUL or an unpaired surrogate in text"),
    "an unpaired surrogate": ('root: "\\ud800"', "NUL or an unpaired surrogate in text"),
    "two documents": ("root: a\n---\nroot: b", "expected a single document"),
    "a control character": ("root: \x07", "special characters are not allowed"),
    "a list": ("[]", "expected settings by name"),
    "false": ("false", r"expected settings by name \(got false\)"),
    "text": ("text", r"expected settings by name \(got text\)"),
    "NaN": ("train: {learning_rate: .nan}", r"expected a finite number \(got .nan\)"),
    "infinite": ("report: {dominant_mu: .inf}", "dominant_mu: expected a finite number"),
    "infinite as text": ("report: {dominant_hw: '1e999'}", "dominant_hw: expected a finite"),
    "infinite in a list": ("report: {uniform_limits: [.inf]}", "0: expected a finite number"),
    "an infinite wait": ("cluster: {worker_timeout: .inf}", "expected a finite number"),
    "a wait beyond 30 days": ("cluster: {connect_timeout: 1.0e+300}", "expected at most 2592000"),
    "too many workers": ("cluster: {workers: 1000000}", "expected at most 10000"),
}


@pytest.mark.parametrize("situation", REFUSED)
def test_load_config__refuses_with_the_reason(tmp_path: Path, situation: str) -> None:
    text, message = REFUSED[situation]
    path = tmp_path / "run.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=f"(?s)run.yaml is not .*{message}"):
        load_config(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("root: é".encode("latin-1"), "not UTF-8 text .*save this one as UTF-8"),
        ("root: x".encode("utf-16"), "not UTF-8 text .*save this one as UTF-8"),
        (bytes(range(256)), "not UTF-8 text"),
        (bytes(100), "special characters are not allowed"),
        (b"root: " + bytes([97]) * MOST_BYTES, "too large for a configuration"),
    ],
)
def test_load_config__refuses_other_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=message):
        load_config(str(path))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "neither a file nor a preset"),
        (".", "is a folder; expected a YAML file or a preset: .*demo"),
        ("\0", "neither a file nor a preset"),
        ("x" * 5000, "neither a file nor a preset"),
        ("../presets/demo", "neither a file nor a preset"),
        ("/proc/self/mem", "cannot be read"),
    ],
)
def test_load_config__refuses_names_that_it_cannot_read(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("# nothing\n", None),
        ("\ufeffroot: here", "here"),
        ("root: !!str 5", "5"),
        ("root: &a here\nsource: {name_column: *a}", "here"),
        ("<<: {root: there}\nroot: here", "here"),
        ("<<: {root: here}", "here"),
    ],
)
def test_load_config__reads_what_a_person_writes(
    tmp_path: Path, text: str, expected: str | None
) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text, encoding="utf-8")

    assert load_config(str(path)).root == expected


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train={epochs: 1, epochs: 2}", "--set train is not valid YAML: .*'epochs' a second time"),
        ("train.epochs=" + "[" * 3000, "--set train.epochs is not .*more than 50 lists"),
        ("train.epochs=" + "1" * 5000, "a number of 5,000 characters"),
        ("train.epochs=!!python/name:os.system x", "found the tag"),
        ("train.learning_rate=.inf", "expected a finite number"),
        ("root=\udcff", "special characters are not allowed"),
        (".".join(["a"] * 3000) + "=1", "a: no such setting"),
        ("=", "expected section.key=value"),
        (".=1", "no such setting"),
    ],
)
def test_override__refuses_as_a_file_is_refused(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        override(RunConfig(), [setting])

"""Rows with labels of every kind, and generated queries of them."""

import random
from collections.abc import Iterator

import numpy as np
import xarray as xr

ROWS = 60

ATTACKS = (
    "Smiling.__init__.__globals__.get('sys').modules.get('os').system('touch {file}') == 0",
    "Smiling.to_csv('{file}')",
    "Smiling.to_pickle('{file}') == 0",
    "__import__('os').system('touch {file}') == 0",
    "@pd.eval('1')",
    "@open('{file}', 'w')",
    "open('{file}', 'w')",
    "`Smiling`.to_csv('{file}')",
    "(Smiling).values.tofile('{file}')",
    "eval(image)",
    "exec('1')",
    "print(Smiling)",
    'f\'{{open("{file}", "w")}}\' == image',
    "(lambda: open('{file}', 'w'))()",
    "[open('{file}', 'w') for x in [1]]",
    "Smiling if open('{file}', 'w') else Male",
    "(x := open('{file}', 'w'))",
    "Smiling[open('{file}', 'w')]",
    "image in {{open('{file}', 'w')}}",
    "image in [open('{file}', 'w')]",
    "contains(image, open('{file}', 'w'))",
    "contains(*image, '{file}')",
    "`contains`(image, '{file}')",
    "image.str.contains('1')",
    "Smiling; open('{file}', 'w')",
    "Smiling = True",
    "Smiling\nimport os",
    "Smiling # and Male",
    "yield Smiling",
    "await Smiling",
    "not lambda: Smiling",
    "2 ** 999999999 > identity",
    "'a' * 999999999 == image",
    "image % Smiling == 'x'",
    "'%s' % image == 'x'",
    "Smiling is True",
    "None == image",
    "...",
    "``",
    "`",
    "\0",
    "\ud800",
    "(" * 30_000,
    "not " * 30_000 + "Smiling",
    "-" * 50_000 + "1 > 0",
    "(" * 300 + "Smiling" + ")" * 300,
    "1" * 5_000 + " == identity",
    " + ".join(["identity"] * 3_000) + " > 1",
    "image in [" + "'a'," * 30_000,
    "x" * 200_000,
)
"""Texts that must not be evaluated; ``{file}`` is a file that must not appear."""

_TEXT = r"""
Smiling Male `5_o_Clock_Shadow` identity age split image taken checksum unknown `a``b` `in`
contains startswith and or not in == != < <= > >= + - * / // % & | ~ ( ) [ ] , True False 1 0 2.5
1e3 1e999 'train' "test" '' '2026-11-30' 99999999999999999999 '\'' '\x' . @ : ; = := ** lambda if
else for is None __class__ __import__ { } # \ ! $ ` ' "
"""
_WORDS = [*_TEXT.split(), "`Wearing Hat`", "\n", "é", "\u0301"]


def labelled() -> xr.Dataset:
    """Rows with flags, numbers, text and dates; each fifth came without attributes."""
    rng = np.random.default_rng(4)
    known = np.arange(ROWS) % 5 > 0
    return xr.Dataset(
        {
            "checksum": ("image", rng.integers(2**64, size=ROWS, dtype=np.uint64)),
            "reconstruction_error": ("image", rng.random(ROWS, np.float32)),
        },
        coords={
            "image": ("image", np.array([f"{row:03d}.jpg" for row in range(ROWS)], object)),
            "Smiling": ("image", rng.random(ROWS) < 0.5),
            "Male": ("image", rng.random(ROWS) < 0.4),
            "Wearing Hat": ("image", rng.random(ROWS) < 0.3),
            "5_o_Clock_Shadow": ("image", rng.random(ROWS) < 0.3),
            "a`b": ("image", rng.random(ROWS) < 0.3),
            "in": ("image", rng.random(ROWS) < 0.3),
            "has_attributes": ("image", known),
            "identity": ("image", rng.integers(0, 9, ROWS).astype(np.int32)),
            "age": ("image", np.where(known, rng.random(ROWS) * 90, np.nan)),
            "split": ("image", rng.choice(["train", "test", ""], ROWS).astype(object)),
            "taken": (
                "image",
                np.datetime64("2026-11-01", "ns") + np.arange(ROWS).astype("timedelta64[D]"),
            ),
        },
    )


def generated_queries(count: int, seed: int) -> Iterator[str]:
    """Queries of random words, attacks with random words around them, and cut or joined ones."""
    rng = random.Random(seed)
    short = [attack for attack in ATTACKS if len(attack) < 200]
    for _ in range(count):
        if rng.random() < 0.5:
            words = _condition(rng, depth=rng.randint(0, 4)).split(" ")
            if rng.random() < 0.5:
                words[rng.randrange(len(words))] = rng.choice(_WORDS)
        else:
            words = [rng.choice(_WORDS) for _ in range(rng.randint(1, 12))]
        if rng.random() < 0.2:
            words.insert(rng.randint(0, len(words)), rng.choice(short))
        query = rng.choice([" ", " ", "\t", ""]).join(words)
        if rng.random() < 0.1:
            query = query[: rng.randint(0, len(query))]
        if rng.random() < 0.005:
            query = rng.choice(["(", "not ", "-", "[", "`", "Smiling or ", "1+"]) * 2_000 + query
        yield query


def _condition(rng: random.Random, depth: int) -> str:
    """A query of the language, its words with spaces between them."""
    if depth:
        one, other = (_condition(rng, depth - 1) for _ in range(2))
        joined = f"{one} {rng.choice(['and', 'or', '&', '|'])} {other}"
        return rng.choice([f"( {joined} )", joined, f"not ( {one} )", f"~ ( {one} )"])
    number = rng.choice(["identity", "age", "checksum", "Smiling", "( identity + Male )", "- 3.5"])
    relation = rng.choice(["==", "!=", "<", "<=", ">", ">="])
    return rng.choice(
        [
            "Smiling",
            "`5_o_Clock_Shadow`",
            f"{number} {relation} {rng.choice(['3', 'identity % 4', '1e3', 'age * 2', '3 / 0'])}",
            f"1 {relation} {number} {relation} 40",
            f"identity {rng.choice(['in', 'not in'])} [ 1 , 2.0 , - 3 ]",
            f"split {relation} 'test'",
            f"taken {relation} '2026-11-30'",
            f"{rng.choice(['contains', 'startswith'])} ( image , '01' )",
        ]
    )

"""Synthetic faces as a CelebA tree, with a fifth of its attributes: each costs a run some time."""

from pathlib import Path

from zpoints.pipeline.synthesize import synthesize

ATTRIBUTES = (
    "5_o_Clock_Shadow",
    "Bald",
    "Blond_Hair",
    "Eyeglasses",
    "Male",
    "Smiling",
    "Wearing_Hat",
    "Young",
)


def draw_faces(tree: Path, *, count: int, seed: int) -> None:
    """Draw faces into a new folder, labelled with `ATTRIBUTES`."""
    synthesize(tree, count=count, seed=seed)
    table = tree / "list_attr_celeba.txt"
    number, header, *rows = table.read_text().splitlines()
    columns = [header.split().index(name) for name in ATTRIBUTES]
    kept = [[row.split()[0], *(row.split()[1:][k] for k in columns)] for row in rows]
    table.write_text("\n".join([number, " ".join(ATTRIBUTES), *map(" ".join, kept)]) + "\n")

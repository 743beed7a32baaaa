"""Planes of the scene, and how a layer is blended over them.

The scene is float32 (plane, row, column). Its planes are depth towards the camera, red, green and
blue in linear light, the share that is lit (0 for the background, which emits light), gloss of
skin, and hair.
"""

from zpoints.pipeline.synthesize.render.curves import Colour, Planes, inlined

PLANES = 7
WORK_ROWS = 13
"""Rows of the work array. Loops that write to it have no branches, so LLVM vectorises them."""
FAR = -60.0
"""Depth of the background."""


@inlined
def lay(
    scene: Planes,
    row: int,
    column: int,
    cover: float,
    depth: float,
    colour: Colour,
    gloss: float,
    hair: float,
) -> None:
    """Blend one layer over the planes at a pixel.

    Parameters
    ----------
    scene
        Planes of the image, changed in place.
    row, column
        The pixel.
    cover
        Opacity of the layer, 0 to 1; above 0.5 the pixel takes its depth.
    depth
        Depth towards the camera, pixels.
    colour
        Linear light.
    gloss, hair
        Gloss of skin, and share of hair, 0 to 1.
    """
    if cover > 0.5:
        scene[0, row, column] = depth
    scene[1, row, column] += cover * (colour[0] - scene[1, row, column])
    scene[2, row, column] += cover * (colour[1] - scene[2, row, column])
    scene[3, row, column] += cover * (colour[2] - scene[3, row, column])
    scene[4, row, column] += cover * (1.0 - scene[4, row, column])
    scene[5, row, column] += cover * (gloss - scene[5, row, column])
    scene[6, row, column] += cover * (hair - scene[6, row, column])


@inlined
def shade(scene: Planes, row: int, column: int, amount: float) -> None:
    """Darken the planes at a pixel, where ambient light is occluded.

    Parameters
    ----------
    scene
        Planes of the image, changed in place.
    row, column
        The pixel.
    amount
        Share of the light, 0 to 1.
    """
    scene[1, row, column] *= 1.0 - amount
    scene[2, row, column] *= 1.0 - amount
    scene[3, row, column] *= 1.0 - amount

"""Draw the picture of the README from the demo's store: python examples/readme_picture.py"""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zpoints.pipeline.labels import Labels
from zpoints.storage import open_store

FACES = 10
ROWS = {
    "held-out image": "original",
    "its reconstruction": "decoded",
    "drawn inside the\nellipses": "ellipse",
    "drawn uniformly\nin a cube": "uniform",
}


def main() -> None:
    store = open_store("runs/demo")
    held_out = np.flatnonzero(Labels(store.latents).in_split("test"))[:FACES]
    images = {
        "original": store.images["pixels"][held_out].values,
        "decoded": store.decode(store.latents["z"][held_out].values),
        "ellipse": store.samples("ellipse")["pixels"][:FACES].values,
        "uniform": store.samples("uniform")["pixels"][:FACES].values,
    }
    figure = Figure(figsize=(11, 4.3), dpi=110)
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(ROWS), FACES, gridspec_kw={"wspace": 0.03, "hspace": 0.05})
    figure.subplots_adjust(left=0.14, right=0.995, top=0.99, bottom=0.01)
    for panel_row, (label, name) in zip(panels, ROWS.items(), strict=True):
        panel_row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=10)
        for axes, image in zip(panel_row, images[name], strict=True):
            axes.imshow(image, interpolation="bicubic")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
    figure.savefig(Path(__file__).with_name("demo_faces.png"))


if __name__ == "__main__":
    main()

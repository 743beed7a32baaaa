from . import pl as pl
from .cluster.demo_store import demo_store as demo_store
from .pipeline.analyze.passes import analyze as analyze
from .pipeline.claims.verdicts import claims as claims
from .pipeline.compare.stores import compare as compare
from .pipeline.latent_space.arrays import open_arrays as open_arrays
from .pipeline.latent_space.stored import open as open
from .pipeline.sample.draw import draw as draw
from .storage.errors import ZpointsError as ZpointsError

__version__: str

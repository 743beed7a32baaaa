from . import pl as pl

__version__: str

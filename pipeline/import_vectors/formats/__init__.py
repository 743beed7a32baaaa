"""Files of vectors: one module per format."""

from zpoints.extras import require

require("analyze")

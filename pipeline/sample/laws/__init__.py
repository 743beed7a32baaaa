"""The laws from which vectors are drawn, one file each, and their union."""

from zpoints.extras import require

require("analyze")

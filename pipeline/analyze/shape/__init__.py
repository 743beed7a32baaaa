"""Shape of number distributions: peaks, contours, ellipses, expected radii."""

from zpoints.extras import require

require("analyze")

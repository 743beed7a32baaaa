"""From the bytes of a photograph to an upright image, in every format that is read."""

from zpoints.extras import require

require("train")

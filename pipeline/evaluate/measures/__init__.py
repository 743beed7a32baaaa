"""The measures of quality, a file each; the table of them is `zpoints.storage.schema.quality`."""

from zpoints.extras import require

require("analyze")

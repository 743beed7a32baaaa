"""Building blocks of the page: entries, tables, text, and the style of figures."""

from zpoints.extras import require

require("report")

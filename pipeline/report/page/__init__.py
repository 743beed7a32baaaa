"""The HTML page: template, style sheet, header, rendering."""

from zpoints.extras import require

require("report")

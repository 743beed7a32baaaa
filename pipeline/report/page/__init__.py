"""The HTML page: template, style sheet, header, rendering."""

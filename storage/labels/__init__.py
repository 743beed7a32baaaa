"""Labels of rows: splits, annotated photographs, and the language of queries."""

"""The report: one HTML page and its figures, drawn from what the store holds.

`config` and `inputs` are light; `page` imports Matplotlib and Jinja2.
"""

"""Buckets of Amazon S3 and its kind, of Google Cloud Storage, and containers of Azure."""

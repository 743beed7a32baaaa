"""Disks and buckets: roots, small objects, locks."""

"""Where photographs lie: folders, archives and buckets, and the files in them."""

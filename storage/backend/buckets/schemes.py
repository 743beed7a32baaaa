"""URLs of places in buckets, told from local paths without loading a library."""

from zpoints.storage.errors import PlaceError

SCHEMES = ("s3", "gs", "az")
"""Amazon S3 and servers of its kind, Google Cloud Storage, Azure Blob Storage."""
BUCKET_URLS = "s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
PLACES = f"a folder, {BUCKET_URLS}"
"""What a root or a source may be, for messages and help texts."""
MEANT = {"gcs": "gs", "azure": "az", "s3a": "s3", "s3n": "s3"}
"""Schemes of other programs for the same places."""


def in_bucket(place: str) -> bool:
    """Whether a place that a user named is in a bucket; it is local if not.

    Raises
    ------
    PlaceError
        If it is a URL of another kind.

    Examples
    --------
    >>> in_bucket("gs://faces/CelebA"), in_bucket("runs/demo")
    (True, False)
    """
    scheme, separator, rest = place.partition("://")
    if not separator:
        return False
    if scheme not in SCHEMES:
        hint = f" Did you mean {MEANT[scheme]}://{rest}?" if scheme in MEANT else ""
        raise PlaceError(f"{place} is a URL that zpoints cannot use; expected {PLACES}.{hint}")
    return True


def split_url(url: str) -> tuple[str, str, str]:
    """Scheme, bucket and key of a URL that `in_bucket` recognises; no slashes around the key.

    Examples
    --------
    >>> split_url("az://faces/runs/one/")
    ('az', 'faces', 'runs/one')
    """
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.strip("/").partition("/")
    return scheme, bucket, key

"""Google Cloud Storage."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from obstore.store import GCSStore

from zpoints.storage.backend.buckets.service import (
    CLIENT,
    DENIED,
    IMDS,
    NO_RESPONSE,
    NO_TIME,
    REQUEST_SECONDS,
    RETRIES,
    RETRY_TIME,
    Reasons,
    Service,
    address,
    denied,
    host_of,
    is_set,
    no_time,
    silent,
)

if TYPE_CHECKING:
    import icechunk
    from pyarrow.fs import FileSystem

CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS (a file of credentials)"
INVALID_CREDENTIALS = f"the credentials are not valid. Correct {CREDENTIALS}."
ACCESS_DENIED = denied("bucket", CREDENTIALS)


@dataclass(frozen=True)
class GoogleCloudStorage(Service):
    """Google Cloud Storage.

    Attributes
    ----------
    endpoint
        URL of another server with the same protocol; None for Google's.
    allow_http
        Whether connections without TLS are allowed.
    timeout
        Time limit of one request, e.g. ``30s``.
    """

    secrets = ("GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_BEARER_TOKEN")
    no_bucket = "NoSuchBucket"
    reasons = Reasons(
        of_code={
            "NoSuchBucket": "there is no such bucket. Create it, or correct its name.",
            "invalid_grant": INVALID_CREDENTIALS,
            "invalid_client": INVALID_CREDENTIALS,
        },
        denied=ACCESS_DENIED,
        of_text=(
            (
                (IMDS, "metadata.google.internal"),
                f"no credentials were found. Set {CREDENTIALS}, or log in with `gcloud auth "
                "application-default login`; GOOGLE_SKIP_SIGNATURE=true to read a public bucket.",
            ),
            (DENIED, ACCESS_DENIED),
            (
                ("Unable to open",),
                "the file of credentials cannot be opened. Correct its path in "
                "GOOGLE_APPLICATION_CREDENTIALS.",
            ),
            (("Unable to decode",), INVALID_CREDENTIALS),
            (
                ("builder error",),
                "the address has no TLS. Use one with https://, or set GOOGLE_ALLOW_HTTP=true.",
            ),
            (NO_TIME, no_time("GOOGLE_TIMEOUT")),
            (NO_RESPONSE, silent("GOOGLE_BASE_URL, if set, names it", "GOOGLE_TIMEOUT")),
        ),
    )

    endpoint: str | None
    allow_http: bool
    timeout: str = REQUEST_SECONDS

    @classmethod
    def from_environment(cls) -> "GoogleCloudStorage":
        timeout = os.environ.get("GOOGLE_TIMEOUT", REQUEST_SECONDS)
        return cls(os.environ.get("GOOGLE_BASE_URL"), is_set("GOOGLE_ALLOW_HTTP"), timeout)

    def __str__(self) -> str:
        if self.endpoint is None:
            return "Google Cloud Storage"
        return address(self.endpoint)

    def objects(self, bucket: str, prefix: str | None) -> GCSStore:
        client: Any = {**CLIENT, "allow_http": self.allow_http, "timeout": self.timeout}
        return GCSStore(bucket, prefix=prefix, client_options=client, retry_config=RETRIES)

    def storage(self, bucket: str, prefix: str) -> "icechunk.Storage":
        import icechunk

        config = {"timeout": self.timeout, "allow_http": str(self.allow_http).lower()}
        if self.endpoint is not None:
            config["google_base_url"] = self.endpoint
        return icechunk.gcs_storage(bucket=bucket, prefix=prefix, from_env=True, config=config)

    def file_system(self) -> "FileSystem":
        from pyarrow.fs import GcsFileSystem

        anonymous = is_set("GOOGLE_SKIP_SIGNATURE")
        options: dict[str, Any] = {"anonymous": anonymous, "retry_time_limit": RETRY_TIME}
        if self.endpoint is not None:
            options["scheme"] = urlsplit(self.endpoint).scheme
            options["endpoint_override"] = host_of(self.endpoint)
        return GcsFileSystem(**options)

    def tag(self, meta: Any) -> str | None:
        """The generation of an object, on which Google's writes can be conditional."""
        return meta["version"]

    def condition(self, tag: str) -> Any:
        return {"version": tag}

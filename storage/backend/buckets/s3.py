"""Amazon S3, and other servers of its kind."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from obstore.store import S3Store

from zpoints.storage.backend.buckets.service import (
    CLIENT,
    CONNECT_SECONDS,
    DENIED,
    IMDS,
    NO_RESPONSE,
    NO_TIME,
    REQUEST_SECONDS,
    RETRIES,
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

CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN if needed)"
NO_BUCKET = "there is no such bucket. Create it, or correct its name."
INVALID_CREDENTIALS = f"the credentials are not valid. Correct {CREDENTIALS}."
ACCESS_DENIED = denied("bucket", CREDENTIALS)
OTHER_REGION = "it is in another region. Set AWS_REGION to that region."


@dataclass(frozen=True)
class S3(Service):
    """Amazon S3 or another server of its kind.

    Attributes
    ----------
    endpoint
        Its URL; None for Amazon's.
    region
        AWS region; None leaves it to the libraries.
    allow_http
        Whether connections without TLS are allowed.
    timeout
        Time limit of one request, e.g. ``30s``.
    """

    secrets = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    no_bucket = "NoSuchBucket"
    reasons = Reasons(
        of_code={
            "NoSuchBucket": NO_BUCKET,
            "InvalidAccessKeyId": INVALID_CREDENTIALS,
            "SignatureDoesNotMatch": INVALID_CREDENTIALS,
            "ExpiredToken": INVALID_CREDENTIALS,
            "InvalidToken": INVALID_CREDENTIALS,
            "PermanentRedirect": OTHER_REGION,
        },
        denied=ACCESS_DENIED,
        of_text=(
            (
                (IMDS,),
                f"no credentials were found. Set {CREDENTIALS}; AWS_SKIP_SIGNATURE=true for a "
                "public bucket.",
            ),
            (DENIED, ACCESS_DENIED),
            (("301 Moved", "configured region"), OTHER_REGION),
            (
                ("builder error",),
                "the endpoint has no TLS. Use one with https://, or set AWS_ALLOW_HTTP=true.",
            ),
            (NO_TIME, no_time("AWS_TIMEOUT")),
            (NO_RESPONSE, silent("AWS_ENDPOINT_URL and AWS_REGION name it", "AWS_TIMEOUT")),
        ),
    )

    endpoint: str | None
    region: str | None
    allow_http: bool
    timeout: str = REQUEST_SECONDS

    @classmethod
    def from_environment(cls) -> "S3":
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        timeout = os.environ.get("AWS_TIMEOUT", REQUEST_SECONDS)
        region = region or ("us-east-1" if endpoint else None)
        return cls(endpoint, region, is_set("AWS_ALLOW_HTTP"), timeout)

    def __str__(self) -> str:
        if self.endpoint is None:
            return "Amazon S3"
        return address(self.endpoint)

    def objects(self, bucket: str, prefix: str | None) -> S3Store:
        options: dict[str, Any] = {"endpoint": self.endpoint} if self.endpoint else {}
        if self.region:
            options["region"] = self.region
        client: Any = {**CLIENT, "allow_http": self.allow_http, "timeout": self.timeout}
        return S3Store(
            bucket, prefix=prefix, client_options=client, retry_config=RETRIES, **options
        )

    def storage(self, bucket: str, prefix: str) -> "icechunk.Storage":
        import icechunk

        options = icechunk.S3Options(
            region=self.region,
            endpoint_url=self.endpoint,
            allow_http=self.allow_http,
            force_path_style=self.endpoint is not None,
        )
        # Not `s3_storage`: its client waits for ever on a server that accepts and never answers.
        return icechunk.Storage.new_s3_object_store(
            options, bucket, prefix, icechunk.s3_from_env_credentials()
        )

    def file_system(self) -> "FileSystem":
        from pyarrow.fs import S3FileSystem

        anonymous = is_set("AWS_SKIP_SIGNATURE")
        options: dict[str, Any] = {"anonymous": anonymous, "connect_timeout": CONNECT_SECONDS}
        if self.endpoint is not None:
            options["scheme"] = urlsplit(self.endpoint).scheme
            options["endpoint_override"] = host_of(self.endpoint)
        if self.region is not None:
            options["region"] = self.region
        return S3FileSystem(**options)

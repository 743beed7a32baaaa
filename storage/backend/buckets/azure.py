"""Azure Blob Storage."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from obstore.store import AzureStore

from zpoints.storage.backend.buckets.service import (
    CLIENT,
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
from zpoints.storage.errors import ObjectStoreError

if TYPE_CHECKING:
    import icechunk
    from pyarrow.fs import FileSystem

ACCOUNT = "AZURE_STORAGE_ACCOUNT_NAME"
ENDPOINT = "AZURE_STORAGE_ENDPOINT"
KEYS = ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY")
SIGNATURES = ("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY")
CREDENTIALS = (
    "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET "
    "and AZURE_TENANT_ID"
)
INVALID_CREDENTIALS = f"the credentials are not valid. Correct {ACCOUNT} and {CREDENTIALS}."
ACCESS_DENIED = denied("container", CREDENTIALS)
NO_CREDENTIALS = (
    f"no credentials were found. Set {CREDENTIALS}; AZURE_SKIP_SIGNATURE=true for a public "
    "container."
)


@dataclass(frozen=True)
class AzureBlobs(Service):
    """An account of Azure Blob Storage.

    Attributes
    ----------
    account
        Name of the storage account.
    endpoint
        URL of another server than the account's own; None for that.
    allow_http
        Whether connections without TLS are allowed.
    timeout
        Time limit of one request, e.g. ``30s``.
    """

    secrets = (
        *KEYS,
        *SIGNATURES,
        *("AZURE_STORAGE_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_CLIENT_SECRET"),
    )
    lists_deeply = False  # PyArrow 26 recurses into `folder//` until the stack overflows
    no_bucket = "ContainerNotFound"
    reasons = Reasons(
        of_code={
            "ContainerNotFound": "there is no such container. Create it, or correct its name.",
            "AuthenticationFailed": INVALID_CREDENTIALS,
            "NoAuthenticationInformation": NO_CREDENTIALS,
        },
        denied=ACCESS_DENIED,
        of_text=(
            ((IMDS,), NO_CREDENTIALS),
            (("AuthorizationFailure", *DENIED), ACCESS_DENIED),
            (("Invalid Access Key", "SAS key", "SAS query"), INVALID_CREDENTIALS),
            (
                ("builder error",),
                "the endpoint has no TLS. Use one with https://, or set AZURE_ALLOW_HTTP=true.",
            ),
            (NO_TIME, no_time("AZURE_TIMEOUT")),
            (NO_RESPONSE, silent(f"{ACCOUNT} and {ENDPOINT} name it", "AZURE_TIMEOUT")),
        ),
    )

    account: str
    endpoint: str | None
    allow_http: bool
    timeout: str = REQUEST_SECONDS

    @classmethod
    def from_environment(cls) -> "AzureBlobs":
        """Read the variables.

        Raises
        ------
        ObjectStoreError
            If no account is named.
        """
        account = os.environ.get(ACCOUNT) or os.environ.get("AZURE_STORAGE_ACCOUNT")
        if not account:
            raise ObjectStoreError(
                f"az:// names a container of a storage account, but no account is set. Set "
                f"{ACCOUNT}, and the credentials in {CREDENTIALS}."
            )
        endpoint = os.environ.get(ENDPOINT) or os.environ.get("AZURE_ENDPOINT")
        timeout = os.environ.get("AZURE_TIMEOUT", REQUEST_SECONDS)
        return cls(account, endpoint, is_set("AZURE_ALLOW_HTTP"), timeout)

    def __str__(self) -> str:
        if self.endpoint is None:
            return f"Azure, account {self.account},"
        return f"{address(self.endpoint)}, account {self.account},"

    def objects(self, bucket: str, prefix: str | None) -> AzureStore:
        client: Any = {**CLIENT, "allow_http": self.allow_http, "timeout": self.timeout}
        options: dict[str, Any] = {"endpoint": self.endpoint} if self.endpoint else {}
        return AzureStore(
            bucket,
            prefix=prefix,
            account_name=self.account,
            client_options=client,
            retry_config=RETRIES,
            **options,
        )

    def storage(self, bucket: str, prefix: str) -> "icechunk.Storage":
        import icechunk

        config = {"timeout": self.timeout, "allow_http": str(self.allow_http).lower()}
        if self.endpoint is not None:
            config["azure_storage_endpoint"] = self.endpoint
        return icechunk.azure_storage(
            account=self.account, container=bucket, prefix=prefix, from_env=True, config=config
        )

    def file_system(self) -> "FileSystem":
        from pyarrow.fs import AzureFileSystem

        options = self._credentials()
        if self.endpoint is not None:
            host, scheme = host_of(self.endpoint), urlsplit(self.endpoint).scheme
            if host.startswith(f"{self.account}."):
                host = host.removeprefix(self.account)  # which PyArrow puts before a dot
            options |= {"blob_storage_authority": host, "blob_storage_scheme": scheme}
            options |= {"dfs_storage_authority": host.replace(".blob.", ".dfs.", 1)}
            options |= {"dfs_storage_scheme": scheme}
        return AzureFileSystem(self.account, **options)

    def _credentials(self) -> dict[str, str]:
        """The key or signature for PyArrow, which reads only the others from the environment."""
        for option, names in (("account_key", KEYS), ("sas_token", SIGNATURES)):
            for name in names:
                if value := os.environ.get(name):
                    return {option: value.removeprefix("?") if option == "sas_token" else value}
        return {}

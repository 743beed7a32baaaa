"""A stand-in for Google Cloud Storage: its XML API, as far as it reads, writes and lists objects.

The emulators that can be installed do not write on condition through this API, which Icechunk and
obstore use. This one follows Google's reference; it stands for the protocol, not for the service.
"""

import hashlib
import json
import sys
import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from time import time
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

JSON = "/storage/v1/b/"
CONDITION = "x-goog-if-generation-match"


@dataclass(frozen=True)
class Stored:
    """Content of an object, its generation, its media type, and when it was written."""

    data: bytes
    generation: int
    media: str
    time: float

    @property
    def tag(self) -> str:
        return f'"{hashlib.md5(self.data).hexdigest()}"'


class Buckets(BaseHTTPRequestHandler):
    """Answers requests from memory."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    objects: ClassVar[defaultdict[str, dict[str, Stored]]] = defaultdict(dict)
    names: ClassVar[set[str]] = set()
    generations = count(1)
    lock = threading.Lock()

    def do_PUT(self) -> None:
        bucket, key, _ = self._place()
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not key:
            self.names.add(bucket)
            self._answer(200)
            return
        with self.lock:
            before, condition = self._found(bucket, key), self.headers.get(CONDITION)
            if condition is not None and int(condition) != (before.generation if before else 0):
                self._refuse(412, "PreconditionFailed")
                return
            media = self.headers.get("Content-Type", "application/octet-stream")
            stored = Stored(data, next(self.generations), media, time())
            self.objects[bucket][key] = stored
        self._answer(200, headers=_headers(stored))

    def do_GET(self) -> None:
        if self.path.startswith(JSON):
            self._list_as_json()
            return
        bucket, key, query = self._place()
        if bucket not in self.names:
            self._refuse(404, "NoSuchBucket")
        elif not key:
            self._answer(200, self._listing(bucket, query))
        elif (found := self._found(bucket, key)) is None:
            self._refuse(404, "NoSuchKey")
        elif self.headers.get("If-Match", found.tag) != found.tag:
            self._refuse(412, "PreconditionFailed")
        else:
            self._send(found)

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        bucket, key, _ = self._place()
        with self.lock:
            found = self.objects[bucket].pop(key, None)
        self._answer(204) if found else self._refuse(404, "NoSuchKey")

    def _place(self) -> tuple[str, str, dict[str, str]]:
        url = urlsplit(self.path)
        bucket, _, key = url.path.lstrip("/").partition("/")
        query = parse_qs(url.query, keep_blank_values=True)
        return unquote(bucket), unquote(key), {name: values[0] for name, values in query.items()}

    def _found(self, bucket: str, key: str) -> Stored | None:
        return self.objects[bucket].get(key)

    def _listing(self, bucket: str, query: dict[str, str]) -> bytes:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        files, folders = list[str](), dict[str, None]()
        for key, stored in sorted(self.objects[bucket].items()):
            if not key.startswith(prefix):
                continue
            head, slash, _ = key.removeprefix(prefix).partition(delimiter or "\0")
            if slash:
                folders[f"{prefix}{head}{delimiter}"] = None
                continue
            files.append(
                f"<Contents><Key>{escape(key)}</Key><LastModified>{_iso(stored.time)}</LastModified>"
                f"<ETag>{stored.tag}</ETag><Size>{len(stored.data)}</Size></Contents>"
            )
        inner = "".join(
            f"<CommonPrefixes><Prefix>{escape(it)}</Prefix></CommonPrefixes>" for it in folders
        )
        return f"<ListBucketResult>{''.join(files)}{inner}</ListBucketResult>".encode()

    def _list_as_json(self) -> None:
        """A listing by the JSON API, which PyArrow uses."""
        url = urlsplit(self.path)
        bucket, _, rest = url.path.removeprefix(JSON).partition("/")
        prefix = parse_qs(url.query).get("prefix", [""])[0]
        if rest != "o" or bucket not in self.names:
            self._answer(404, b'{"error": {"code": 404, "message": "Not Found"}}')
            return
        items = [
            {"name": key, "bucket": bucket, "size": str(len(stored.data))}
            for key, stored in sorted(self.objects[bucket].items())
            if key.startswith(prefix)
        ]
        self._answer(200, json.dumps({"kind": "storage#objects", "items": items}).encode())

    def _send(self, found: Stored) -> None:
        status, data, headers = 200, found.data, _headers(found)
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(int(last or len(data)) + 1, len(data))
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
            status, data = 206, data[start:stop]
        self._answer(status, data, headers)

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _answer(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")


def _headers(stored: Stored) -> dict[str, str]:
    return {
        "ETag": stored.tag,
        "x-goog-generation": str(stored.generation),
        "Content-Type": stored.media,
        "Last-Modified": formatdate(stored.time, usegmt=True),
    }


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Buckets).serve_forever()

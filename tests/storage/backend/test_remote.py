"""Writing and reading on worker processes and in buckets."""

import json
import time

import distributed
import numpy as np
import obstore
import pytest

from tests.s3 import new_bucket
from tests.storage.conftest import (
    begin,
    blocks_of,
    latent_template,
    publish_images,
    publish_latents,
    vectors,
)
from zpoints.cluster.compute.executor import ClusterExecutor
from zpoints.storage import (
    PublishConflictError,
    StoreError,
    StoreLockedError,
    StoreNotFoundError,
    open_repository,
    open_store,
)
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.buckets.bucket import Bucket
from zpoints.storage.backend.run_lock import HOLDER

SERVICES = pytest.mark.services
PREFIX = "runs/one"


@pytest.fixture(scope="module", params=["s3", "gs", pytest.param("az", marks=SERVICES)])
def bucket(request):
    """Root of a store in a bucket of each service, on a server that only the environment names."""
    server = request.getfixturevalue(request.param)
    url = f"s3://{new_bucket(server)}" if request.param == "s3" else server()
    return f"{url}/{PREFIX}"


@pytest.fixture(scope="module")
def workers(bucket):
    """Two worker processes, which inherit the environment that names the server."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield cluster


@SERVICES
@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_write_chunks__on_worker_processes_gives_the_same(root, workers):
    version = publish_latents(open_repository(root, executor=ClusterExecutor()), 40)

    store = open_store(root)
    assert store.version == version
    assert np.array_equal(store.latents.z.values, vectors(40))
    assert store.latents.z.sum().compute() == pytest.approx(vectors(40).sum(), rel=1e-5)


def test_open_repository__missing_bucket_is_an_error_with_a_remedy(bucket):
    scheme = bucket.partition("://")[0]

    with pytest.raises(StoreError, match=r"there is no such (bucket|container)\. Create it"):
        open_repository(f"{scheme}://nobody/runs/one")


@SERVICES
def test_publish__in_a_bucket_read_resume_and_conflict(bucket, workers):
    with pytest.raises(StoreNotFoundError, match=f"There is no store at {bucket}"):
        open_store(bucket)
    repository = open_repository(bucket, executor=ClusterExecutor())
    begin(repository).create("latents", latent_template(8))

    work = begin(open_repository(bucket, executor=ClusterExecutor()))
    work.create("latents", latent_template(8))
    work.write_chunks("latents", blocks_of("z", vectors(8)))
    version = work.publish(message="encoded", rows=8)

    assert work.resumed
    store = open_store(bucket)
    assert store.version == version
    assert np.array_equal(store.latents.query(image="Smiling").z.values, vectors(8)[::2])
    late = begin(repository, "bb")
    late.create("latents", latent_template(8))
    late.write_chunks("latents", blocks_of("z", vectors(8)))
    newest = publish_images(repository)
    with pytest.raises(PublishConflictError):
        late.publish(message="encoded", rows=8)
    assert open_store(bucket).version == newest


def test_held__a_second_run_on_a_bucket_is_refused_and_the_first_is_named(bucket):
    repository, other = open_repository(bucket), open_repository(bucket)

    with (
        repository.held("zpoints run faces.yaml"),
        pytest.raises(StoreLockedError, match=r"faces\.yaml, process \d+ .* its lock expires at"),
        other.held("zpoints run again"),
    ):
        pass

    with other.held("zpoints run again"):
        pass


def test_held__lock_of_a_killed_run_expires(bucket, monkeypatch):
    monkeypatch.setattr("zpoints.storage.backend.run_lock.RUN_LOCK_SECONDS", 0.6)
    claim = {"pid": 1, "host": "h", "since": "then", "purpose": "p", "until": time.time() - 1}
    Blobs(bucket).put(HOLDER, json.dumps(claim).encode())

    with open_repository(bucket).held("zpoints run faces.yaml"):
        time.sleep(1.0)  # without renewal it would have expired
        with pytest.raises(StoreLockedError), open_repository(bucket).held("zpoints run again"):
            pass


def test_checkpoint__on_a_bucket(bucket):
    work = begin(open_repository(bucket), "dd")
    assert work.load_checkpoint() is None

    work.save_checkpoint(b"half")

    assert begin(open_repository(bucket), "dd").load_checkpoint() == b"half"
    publish_latents(open_repository(bucket), fingerprint="dd")
    assert work.load_checkpoint() is None


def test_blobs__in_a_bucket_are_listed_replaced_on_condition_and_deleted(bucket):
    blobs = Blobs(bucket)
    blobs.put("report/index.html", b"<p>", media="text/html")
    blobs.put("report/figures/one.png", b"1", media="image/png")
    tag = blobs.create("jobs/a/status.json", b"{}")

    changed = blobs.replace("jobs/a/status.json", b"{1}", tag)

    assert blobs.create("jobs/a/status.json", b"{2}") is None
    assert blobs.replace("jobs/a/status.json", b"{3}", tag) is None
    assert blobs.read("jobs/a/status.json") == (b"{1}", changed)
    assert sorted(blobs.names("report")) == ["report/figures/one.png", "report/index.html"]
    assert blobs.folders("jobs") == ["a"]
    page = obstore.get(Bucket.of(bucket).objects(), f"{PREFIX}/report/index.html")
    assert page.attributes["Content-Type"] == "text/html"
    for name in ("report/index.html", "report/index.html", "jobs/a/status.json"):
        blobs.delete(name)
    assert blobs.get("report/index.html") is None
    assert blobs.replace("jobs/a/status.json", b"{4}", changed) is None

"""A lease: one holder at a time, until it is released or expires."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.lease import Facts, Lease, LeaseHeldError, LeaseLostError

HOUR = 3600.0


@pytest.fixture
def blobs(root) -> Blobs:
    root.mkdir()
    return Blobs(str(root))


@pytest.fixture
def lease(blobs) -> Lease:
    return Lease(
        blobs,
        "lease.json",
        holder=lambda facts: facts["who"],
        valid=lambda facts: facts["until"] > time.time(),
    )


def facts(who: str, seconds: float = HOUR) -> Facts:
    return {"who": who, "until": time.time() + seconds}


def test_claim__a_valid_lease_keeps_others_away(lease):
    first = facts("first")
    assert lease.claim(lambda before: first) == {}

    with pytest.raises(LeaseHeldError) as refused:
        lease.claim(lambda before: facts("second"))

    assert refused.value.facts == first == lease.facts()


def test_claim__an_expired_lease_is_taken_and_its_facts_are_known(lease):
    expired = facts("first", -1.0)
    lease.claim(lambda before: expired)

    before = lease.claim(lambda before: {**facts("second"), "after": before["who"]})

    assert before == expired
    assert lease.facts()["after"] == "first"


def test_claim__of_many_at_once_one_succeeds(lease, monkeypatch):
    together, read = threading.Barrier(4), Blobs.read

    def with_the_others(blobs: Blobs, name: str) -> tuple[bytes, str | None] | None:
        found = read(blobs, name)
        if found is None:
            together.wait(timeout=30)  # nobody writes before all have read
        return found

    def claimed(number: int) -> bool:
        try:
            lease.claim(lambda before: facts(str(number)))
        except LeaseHeldError:
            return False
        return True

    monkeypatch.setattr(Blobs, "read", with_the_others)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(claimed, range(4))) == [False, False, False, True]


def test_claim__an_object_that_is_not_a_lease_is_replaced(lease, blobs):
    blobs.put("lease.json", b"{")

    assert lease.claim(lambda before: facts("first")) == {}
    assert lease.facts()["who"] == "first"


def test_renew__the_holder_renews_even_after_it_expired(lease):
    lease.claim(lambda before: facts("first", -1.0))

    lease.renew(later := facts("first"))

    assert lease.facts() == later


def test_renew__is_refused_after_another_claim(lease):
    lease.claim(lambda before: facts("first", -1.0))
    lease.claim(lambda before: facts("second"))

    with pytest.raises(LeaseLostError):
        lease.renew(facts("first"))

    assert lease.facts()["who"] == "second"


def test_release__removes_the_own_lease_only(lease):
    lease.claim(lambda before: facts("first"))

    lease.release(facts("second"))
    assert lease.facts()["who"] == "first"
    lease.release(facts("first"))

    assert lease.facts() == {}
    with pytest.raises(LeaseLostError):
        lease.renew(facts("first"))

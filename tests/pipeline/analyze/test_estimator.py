"""MergeablePCA against scikit-learn and dask-ml, and inside their pipelines."""

import pickle
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import dask_ml.decomposition
import dask_ml.model_selection
import dask_ml.preprocessing
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from zpoints.pipeline.analyze import MergeablePCA
from zpoints.pipeline.errors import AnalyzeError

ATTRIBUTES = [
    *("mean_", "explained_variance_", "explained_variance_ratio_", "singular_values_"),
    *("noise_variance_", "n_components_", "n_features_in_"),
]


def vectors(count: int = 500, features: int = 7, dtype: str = "float64") -> np.ndarray:
    """Correlated, off-centre vectors of clearly different spread."""
    rng = np.random.default_rng(5)
    mixing = np.linalg.qr(rng.standard_normal((features, features)))[0]
    x = rng.standard_normal((count, features)) * np.geomspace(9, 0.5, features)
    return ((x @ mixing + rng.normal(0, 4, features)) * 3).astype(dtype)


def lazy(x: np.ndarray, chunks: Any = 97) -> da.Array:
    return da.from_array(x, chunks=chunks if isinstance(chunks, tuple) else (chunks, -1))


def assert_same_axes(found: np.ndarray, expected: np.ndarray, atol: float) -> None:
    signs = np.sign(np.sum(found * expected, axis=1))[:, None]
    np.testing.assert_allclose(found, expected * signs, atol=atol)


@parametrize_with_checks([MergeablePCA(), MergeablePCA(1, whiten=True), MergeablePCA(0.5)])
def test_estimator__keeps_the_contract_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", "uint8"])
@pytest.mark.parametrize("chunks", [None, 500, 1, (130, 3), ((7, 0, 493), (7,))], ids=str)
@pytest.mark.parametrize("shape", [(500, 7), (40, 1), (5, 7)], ids=str)
def test_fit__equals_scikit_learn(shape: tuple[int, int], chunks: Any, dtype: str) -> None:
    x = np.abs(vectors(*shape)).astype(dtype)
    if isinstance(chunks, tuple) and shape != (500, 7):
        chunks = (2, 3)
    reference = PCA(svd_solver="full").fit(x.astype(np.float64))

    found = MergeablePCA().fit(x if chunks is None else lazy(x, chunks))

    rank = min(shape[0] - 1, shape[1])
    assert_same_axes(found.components_[:rank], reference.components_[:rank], 1e-8)
    scale = reference.explained_variance_[0]
    for name in ATTRIBUTES:
        # Zero variances of 5 vectors: singular values keep half the digits.
        atol = 1e-7 * scale if name == "singular_values_" else 1e-12 * scale
        np.testing.assert_allclose(
            getattr(found, name), getattr(reference, name), rtol=1e-9, atol=atol, err_msg=name
        )
    assert found.n_samples_seen_ == shape[0]
    largest = np.abs(found.components_).argmax(axis=1)
    assert (found.components_[np.arange(len(largest)), largest] > 0).all()


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("n_components", [None, 1, 3, 0.5, 0.9999])
def test_transform__equals_scikit_learn(n_components: Any, whiten: bool) -> None:
    x = vectors()
    reference = PCA(n_components, whiten=whiten, svd_solver="full").fit(x)
    found = MergeablePCA(n_components, whiten=whiten).fit(lazy(x))

    v, expected = found.transform(x), reference.transform(x)

    assert v.shape == expected.shape
    signs = np.sign(np.sum(v * expected, axis=0))
    np.testing.assert_allclose(v, expected * signs, atol=1e-9)
    np.testing.assert_allclose(
        found.inverse_transform(v), reference.inverse_transform(expected), atol=1e-9
    )
    np.testing.assert_allclose(found.noise_variance_, reference.noise_variance_, rtol=1e-9)
    if not whiten:
        np.testing.assert_allclose(
            found.get_covariance(), reference.get_covariance(), rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize(
    "reference",
    [
        dask_ml.decomposition.PCA(3, svd_solver="full"),
        dask_ml.decomposition.IncrementalPCA(7, batch_size=100, svd_solver="full"),
    ],
    ids=["PCA", "IncrementalPCA"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide")
def test_fit__equals_dask_ml(reference: Any, dtype: str) -> None:
    z = lazy(vectors(dtype=dtype), 125)
    reference = clone(reference).fit(z.astype(np.float64))

    found = MergeablePCA(reference.n_components).fit(z)

    assert_same_axes(found.components_, reference.components_, 1e-9)
    for name in ("mean_", "explained_variance_", "explained_variance_ratio_", "singular_values_"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(reference, name), rtol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_transform__of_dask_input_is_lazy_and_equals_numpy(dtype: str) -> None:
    x = vectors(dtype=dtype)
    z = lazy(x, (130, 3))
    pca = MergeablePCA(2, whiten=True).fit(z)

    with dask.config.set(scheduler=_refuse):
        v = pca.transform(z)
        back = pca.inverse_transform(v)

    expected = pca.transform(x)
    assert isinstance(v, da.Array)
    assert v.chunks == ((130, 130, 130, 110), (2,))
    assert back.shape == x.shape
    assert v.dtype == v.compute().dtype == expected.dtype
    assert v.dtype == ("float32" if dtype == "float32" else "float64")
    np.testing.assert_allclose(v, expected, rtol=1e-6)
    np.testing.assert_allclose(back, pca.inverse_transform(expected), rtol=1e-6)


def _refuse(*args: Any, **kwargs: Any) -> None:
    raise AssertionError("computed")


@st.composite
def divisions(draw: st.DrawFn, rows: int) -> list[np.ndarray]:
    """Row numbers 0 to rows - 1, shuffled and cut into non-empty parts."""
    order = np.array(draw(st.permutations(range(rows))))
    cuts = sorted(draw(st.sets(st.integers(1, rows - 1), max_size=6)))
    return np.split(order, cuts)


@settings(max_examples=60)
@given(st.data(), st.sampled_from([None, 2, 0.9]), st.integers(2, 30))
def test_partial_fit_and_merge__any_parts_in_any_order(
    data: st.DataObject, n_components: Any, rows: int
) -> None:
    x = vectors(rows, 4)
    parts = data.draw(divisions(rows))
    turn = data.draw(st.integers(1, len(parts)))
    whole = MergeablePCA(n_components).fit(x)

    one, other = MergeablePCA(n_components), MergeablePCA(n_components)
    for part in parts[:turn]:
        one.partial_fit(x[part])
    for part in parts[turn:]:
        other.partial_fit(lazy(x[part], 3))
    if turn < len(parts):
        one.merge(other)

    assert one.n_samples_seen_ == rows
    np.testing.assert_allclose(one.mean_, whole.mean_, rtol=1e-10)
    scale = whole.explained_variance_[0]
    np.testing.assert_allclose(
        one.explained_variance_, whole.explained_variance_, rtol=1e-10, atol=1e-13 * scale
    )
    np.testing.assert_allclose(
        one.get_covariance(), whole.get_covariance(), rtol=1e-10, atol=1e-10 * scale
    )


def test_fit__forgets_what_was_seen_before() -> None:
    pca = MergeablePCA().fit(vectors(40, 3))

    assert pca.fit(vectors(10, 7)).components_.shape == (7, 7)
    assert pca.n_samples_seen_ == 10


def test_fit__of_constant_features_has_coordinate_zero_and_no_warnings() -> None:
    x = vectors()
    x[:, 2:] = 0.1
    pca = MergeablePCA(whiten=True).fit(x)

    v = pca.transform(x)

    np.testing.assert_array_equal(v[:, 2:], 0)
    np.testing.assert_allclose(v[:, :2].std(axis=0, ddof=1), 1)
    np.testing.assert_allclose(pca.inverse_transform(v), x, atol=1e-9)


def test_partial_fit__of_a_single_vector_leaves_variance_undefined() -> None:
    pca = MergeablePCA(2).partial_fit(vectors(1, 3))

    assert np.isnan(pca.explained_variance_).all()
    np.testing.assert_array_equal(pca.transform(vectors(1, 3)), 0)


@pytest.mark.parametrize("n_components", [0, 8, 1.0, -0.5, "mle"])
def test_fit__refuses_components_that_do_not_exist(n_components: Any) -> None:
    with pytest.raises(AnalyzeError, match="from 1 to 7") as error:
        MergeablePCA(n_components).fit(vectors())
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize(
    ("z", "complaint"),
    [
        (da.zeros((1, 3)), "at least 2 vectors, got 1"),
        (da.zeros(9), "Expected 2D"),
        (da.zeros((9, 2), dtype=complex), "got Array of complex128"),
        (da.full((9, 2), np.nan), "contains NaN"),
        (dask.delayed(np.zeros)((9, 2)), "got Delayed"),
    ],
)
def test_fit__refuses_lazy_input_that_cannot_be_used(z: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        MergeablePCA().fit(z)


def test_merge__refuses_other_features() -> None:
    named = [MergeablePCA().fit(pd.DataFrame(vectors(9, 2), columns=list(c))) for c in ("ab", "ba")]

    with pytest.raises(AnalyzeError, match="same features"):
        MergeablePCA().fit(vectors(9, 3)).merge(named[0])
    with pytest.raises(AnalyzeError, match="same features"):
        named[0].merge(named[1])


def test_inverse_transform__refuses_other_coordinates() -> None:
    with pytest.raises(AnalyzeError, match=r"\(vector, 2\)"):
        MergeablePCA(2).fit(vectors()).inverse_transform(vectors())


def test_scikit_learn__pipeline_with_frames_and_names() -> None:
    frame = pd.DataFrame(vectors(), columns=list("abcdefg"))
    pipe = make_pipeline(StandardScaler(), MergeablePCA(3), LinearRegression())
    other = make_pipeline(StandardScaler(), PCA(3, svd_solver="full"), LinearRegression())

    found, expected = pipe.fit(frame, frame["a"]), other.fit(frame, frame["a"])

    np.testing.assert_allclose(found.predict(frame), expected.predict(frame))
    names = ["mergeablepca0", "mergeablepca1", "mergeablepca2"]
    assert list(found[:-1].get_feature_names_out()) == names
    pca = MergeablePCA(3).set_output(transform="pandas")
    assert list(pca.fit_transform(frame).columns) == names


def test_dask_ml__pipeline_of_lazy_arrays() -> None:
    x = vectors()
    pipe = make_pipeline(dask_ml.preprocessing.StandardScaler(), MergeablePCA(3))

    found = pipe.fit_transform(lazy(x))

    assert isinstance(found, da.Array)
    expected = make_pipeline(StandardScaler(), PCA(3, svd_solver="full")).fit_transform(x)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-9)


def test_fit_transform__takes_lazy_frames() -> None:
    x = vectors()
    frame = dd.from_pandas(pd.DataFrame(x), npartitions=3)

    found = MergeablePCA(2).fit_transform(frame)

    assert isinstance(found, da.Array)
    np.testing.assert_allclose(found.compute(), MergeablePCA(2).fit_transform(x), atol=1e-9)


@pytest.mark.filterwarnings("error")
def test_fit__takes_lazy_vectors_of_a_store() -> None:
    x = vectors()
    gap = x.copy()
    gap[3] = np.nan

    found = MergeablePCA(3).fit(xr.DataArray(lazy(x), dims=("image", "component")))

    expected = MergeablePCA(3).fit(x)
    np.testing.assert_allclose(found.explained_variance_, expected.explained_variance_, rtol=1e-12)
    v = found.transform(xr.DataArray(lazy(gap))).compute()
    assert np.isnan(v).all(axis=1).nonzero()[0].tolist() == [3]


def test_dask_ml__grid_search() -> None:
    x = vectors()
    search = dask_ml.model_selection.GridSearchCV(
        make_pipeline(MergeablePCA(), LinearRegression()),
        {"mergeablepca__n_components": [1, 3, 7]},
        cv=3,
    )

    assert search.fit(x, x[:, 0]).best_params_ == {"mergeablepca__n_components": 7}


def test_estimator__continues_after_pickling() -> None:
    x = vectors()
    pca = MergeablePCA(2).fit(x[:100])

    restored = pickle.loads(pickle.dumps(pca)).partial_fit(x[100:])

    expected = MergeablePCA(2).fit(x).explained_variance_
    np.testing.assert_allclose(restored.explained_variance_, expected)

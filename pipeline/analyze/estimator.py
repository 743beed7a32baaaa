"""Exact, mergeable PCA with the interface of scikit-learn's and dask-ml's estimators."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import dask
import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import (
    assert_all_finite,
    check_array,
    check_is_fitted,
    validate_data,
)

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.reduction import merged_over_chunks
from zpoints.pipeline.analyze.states.moments import Moments
from zpoints.pipeline.analyze.states.state import as_floats
from zpoints.pipeline.errors import EstimatorError

Floats = NDArray[np.float64]
_FLOATS = [np.float64, np.float32]


class MergeablePCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Principal components of any number of vectors, computed in one pass in float64.

    The estimate is exact for all vectors seen, independent of their order and of their division
    among calls of `partial_fit`, merged estimators, and Dask chunks. Memory grows with the square
    of the number of features and not with the number of vectors.

    NumPy input is computed at once. For Dask arrays and DataFrames, `fit` and `partial_fit` read
    each chunk once through the active scheduler, which merges the moments of the chunks in a tree;
    `transform` and `inverse_transform` return lazy Dask arrays. Coordinates are computed in
    float64 and returned as float32 for float32 vectors.

    Parameters
    ----------
    n_components
        Number of components to keep, at least 1; or the smallest share of the variance, between 0
        and 1, that they explain; or None for min(vectors, features).
    whiten
        Whether `transform` divides each coordinate by its standard deviation. Components that do
        not vary have the coordinate 0.

    Attributes
    ----------
    components_
        (n_components_, n_features_in_) unit vectors in order of descending variance; the entry of
        largest absolute value of each is positive.
    explained_variance_, explained_variance_ratio_
        (n_components_,) variance along each, ddof = 1, and its share of the total variance; NaN
        for a single vector.
    singular_values_
        (n_components_,) sqrt(explained_variance_ * (n_samples_seen_ - 1)).
    mean_
        (n_features_in_,) mean.
    n_components_, n_features_in_, n_samples_seen_
        Numbers of components kept, of features, and of vectors.
    noise_variance_
        Mean variance of the components left out of min(vectors, features); 0 if there are none.
    moments_
        The mergeable state itself.

    Raises
    ------
    EstimatorError
        A ValueError, if the parameters do not suit the vectors.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0], [1.0, 0.0]])
    >>> half = MergeablePCA(1).fit(z[:2])
    >>> whole = half.merge(MergeablePCA(1).fit(z[2:]))
    >>> np.allclose(whole.components_, MergeablePCA(1).fit(z).components_)
    True
    """

    moments_: Moments
    components_: Floats
    n_features_in_: int

    def __init__(self, n_components: int | float | None = None, *, whiten: bool = False) -> None:
        self.n_components = n_components
        self.whiten = whiten

    def fit(self, X: Any, y: Any = None) -> Self:
        """Estimate from X (vector, feature), at least two vectors; discard earlier ones."""
        moments = _moments(self._validated(X, reset=True, least=2))
        if moments.count < 2:
            raise EstimatorError(f"MergeablePCA needs at least 2 vectors, got {moments.count}.")
        self._check_n_components(min(moments.count, self.n_features_in_))
        return self._set(moments)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Add the vectors of X (vector, feature), at least one.

        Until as many vectors have been seen as `n_components` requires, the last components are
        arbitrary axes of variance 0.
        """
        first = not hasattr(self, "moments_")
        moments = _moments(self._validated(X, reset=first, least=1))
        self._check_n_components(self.n_features_in_)
        return self._set(moments if first else self.moments_.merge(moments))

    def merge(self, other: MergeablePCA) -> Self:
        """Add the vectors of another fitted estimator, which must not overlap with those seen."""
        check_is_fitted(self)
        check_is_fitted(other)
        ours, theirs = (list(getattr(e, "feature_names_in_", ())) for e in (self, other))
        renamed = bool(ours and theirs) and ours != theirs
        if renamed or self.n_features_in_ != other.n_features_in_:
            raise EstimatorError(
                f"An estimator of {self.n_features_in_} features cannot be merged with one of "
                f"{other.n_features_in_}: both need the same features in the same order."
            )
        return self._set(self.moments_.merge(other.moments_))

    def transform(self, X: Any) -> Any:
        """Coordinates (vector, n_components_) of X (vector, feature); lazy for Dask input."""
        check_is_fitted(self)
        x = self._validated(X, reset=False, least=1)
        basis = self._basis()
        return _affine(x, basis.mean, basis.whitening if self.whiten else basis.loadings.T, 0.0)

    def inverse_transform(self, X: Any) -> Any:
        """Vectors (vector, feature) of coordinates X (vector, n_components_); lazy for Dask."""
        check_is_fitted(self)
        x = _dask_array(X)
        x = check_array(X, dtype=_FLOATS, input_name="X") if x is None else x
        if x.ndim != 2 or x.shape[1] != self.n_components_:
            raise EstimatorError(
                f"Expected coordinates (vector, {self.n_components_}), got shape {x.shape}."
            )
        basis = self._basis()
        return _affine(x, 0.0, basis.colouring if self.whiten else basis.loadings, basis.mean)

    def get_covariance(self) -> Floats:
        """(feature, feature) covariance of the model: components plus isotropic noise.

        References
        ----------
        Tipping & Bishop (1999), Probabilistic principal component analysis. J. R. Stat. Soc. B
        61, 611-622.
        """
        check_is_fitted(self)
        above = np.maximum(self.explained_variance_ - self.noise_variance_, 0.0)
        covariance = (self.components_.T * above) @ self.components_
        covariance[np.diag_indices_from(covariance)] += self.noise_variance_
        return covariance

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.n_components_

    def _basis(self) -> Basis:
        """Basis of the components kept."""
        return Basis(self.mean_, self.components_, self.explained_variance_)

    def _validated(self, X: Any, *, reset: bool, least: int) -> Any:
        """X as a Dask array, or as a finite NumPy array of at least `least` rows."""
        x = _dask_array(X)
        if x is None:
            return validate_data(self, X, reset=reset, dtype=_FLOATS, ensure_min_samples=least)
        validate_data(self, x, reset=reset, skip_check_array=True)
        return x

    def _check_n_components(self, limit: int) -> None:
        """Refuse an `n_components` that is invalid for at most `limit` components."""
        wanted = self.n_components
        if wanted is None:
            return
        if isinstance(wanted, Integral):
            valid = 1 <= wanted <= limit
        else:
            valid = isinstance(wanted, Real) and 0 < wanted < 1
        if not valid:
            raise EstimatorError(
                f"n_components = {wanted!r}: expected an integer from 1 to {limit} (the smaller of "
                "vectors and features), a share of the variance between 0 and 1, or None."
            )

    def _set(self, moments: Moments) -> Self:
        """Store the moments and derive all other attributes from them."""
        basis = moments.basis()
        variance, ratio = basis.explained_variance, basis.explained_variance_ratio
        exist = min(moments.count, len(variance))
        kept = self._kept(ratio[:exist])
        left_out = variance[kept:exist]
        self.moments_ = moments
        self.mean_ = basis.mean
        self.n_samples_seen_ = moments.count
        self.n_components_ = kept
        self.components_ = basis.loadings[:kept]
        self.explained_variance_ = variance[:kept]
        self.explained_variance_ratio_ = ratio[:kept]
        self.singular_values_ = np.sqrt(variance[:kept] * (moments.count - 1))
        self.noise_variance_ = float(left_out.mean()) if left_out.size else 0.0
        return self

    def _kept(self, ratio: Floats) -> int:
        """Number of components to keep, given the shares of the variance of all that exist."""
        if self.n_components is None:
            return len(ratio)
        if isinstance(self.n_components, Integral):
            return int(self.n_components)
        enough = np.searchsorted(np.cumsum(ratio), self.n_components, side="right")
        return min(int(enough) + 1, len(ratio))


def _dask_array(X: Any) -> da.Array | None:
    """The Dask array behind a Dask array, DataFrame or DataArray; None if X is not lazy."""
    if not dask.is_dask_collection(X):
        return None
    X = X.data if isinstance(X, xr.DataArray) else X
    array = X.to_dask_array() if hasattr(X, "to_dask_array") else X
    if not isinstance(array, da.Array) or array.ndim != 2 or array.dtype.kind not in "fiu":
        raise EstimatorError(
            "Expected 2D array input: a real Dask array (vector, feature) or DataFrame, got "
            f"{type(X).__name__} of {getattr(array, 'dtype', 'unknown dtype')} and shape "
            f"{getattr(array, 'shape', 'unknown')}."
        )
    return array


def _moments(x: Any) -> Moments:
    """Moments of validated vectors x."""
    return merged_over_chunks(x, _block_moments) if isinstance(x, da.Array) else _block_moments(x)


def _block_moments(block: NDArray[np.number]) -> Moments:
    """Moments of the rows of a finite block (n, N); n may be 0."""
    x = as_floats(block)
    assert_all_finite(x, estimator_name="MergeablePCA", input_name="X")
    if len(x) == 0:
        return Moments.empty(x.shape[1])
    constant = (x == x[0]).all(axis=0)
    mean = np.where(constant, x[0], x.mean(axis=0, dtype=np.float64))
    with single_threaded_blas():
        return Moments.from_vectors(x, mean)


def _affine(x: Any, before: Any, matrix: Floats, after: Any) -> Any:
    """(x - before) @ matrix + after in float64, returned as float32 for float32; lazy for Dask."""
    if not isinstance(x, da.Array):
        return _affine_block(x, before, matrix, after)
    whole_rows = x if x.numblocks[1] == 1 else x.rechunk({1: -1})
    return da.map_blocks(
        _affine_task,
        whole_rows,
        before=before,
        matrix=dask.delayed(matrix),
        after=after,
        chunks=(whole_rows.chunks[0], (matrix.shape[1],)),
        meta=np.empty((0, 0), _result_dtype(x)),
    )


def _affine_block(x: Any, before: Any, matrix: Floats, after: Any) -> Any:
    centred = np.subtract(x, before, dtype=np.float64)
    with np.errstate(invalid="ignore"):  # NaN in a lazy array stays NaN
        return (centred @ matrix + after).astype(_result_dtype(x), copy=False)


def _affine_task(x: Any, **parameters: Any) -> Any:
    with single_threaded_blas():
        return _affine_block(x, **parameters)


def _result_dtype(x: Any) -> np.dtype:
    return np.dtype(np.float32 if x.dtype == np.float32 else np.float64)

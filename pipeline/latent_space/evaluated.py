"""What a store knows of the quality of its generators, and of its earlier versions."""

import pandas as pd
import xarray as xr

from zpoints.pipeline.latent_space.quality_tables import (
    Recommended,
    ShownTable,
    quality_table,
    recommended,
)
from zpoints.storage import Store
from zpoints.storage.schema.provenance import were_imported


class EvaluatedStore(Store):
    """One version of a store, and comparisons of its generators and versions as tables."""

    def compare(self, *measures: str) -> pd.DataFrame:
        """Quality of the images of each generator, of reconstructions and of real photographs.

        Vectors without a network are compared themselves, with held-out ones in the row `real`.
        `zpoints.compare` compares two stores, `diff` two versions of this one.

        Parameters
        ----------
        measures
            Names of the columns; "all" for all of them. By default those that a choice needs:
            `merit`, `precision`, `recall`, `face_rate` and `memorises`.

        Returns
        -------
        pandas.DataFrame
            A row per name, the references first, then the generators by their figure of merit
            (`zpoints.pipeline.evaluate.merit`). Each measure has a column, and `<measure>_error`
            with its standard error where there is one; `memorises`: whether a generator nearly
            copies training vectors.

        Raises
        ------
        EvaluateError
            If a measure is unknown, or was not made.

        Examples
        --------
        >>> import zpoints as zp
        >>> store = zp.open("runs/demo")  # doctest: +SKIP
        >>> store.compare("merit", "density")  # doctest: +SKIP
        """
        judged = "vectors" if self._imported else "images"
        return quality_table(self._measured, measures, index=judged)

    def diff(self, before: str = "previous") -> pd.DataFrame:
        """How this version differs from an earlier one: images, drift of the vectors, quality.

        Parameters
        ----------
        before
            The other version, as in `zpoints.open`; by default the newest with other statistics.

        Returns
        -------
        pandas.DataFrame
            A row for each part (`images`, `vectors`, `quality/<name>`) and quantity; the columns
            `before`, `after`, `difference` and `error`, the standard error of the difference. What
            has no value before and after, such as an angle, has a difference alone.

        Raises
        ------
        StoreNotFoundError
            If there is no such version.
        VersionError
            As in `zpoints.storage.open_store`.

        Examples
        --------
        >>> import zpoints as zp
        >>> store = zp.open("runs/demo")  # doctest: +SKIP
        >>> store.diff()  # doctest: +SKIP
        """
        from zpoints.pipeline.compare.versions import chosen_version, compare  # loads SciPy

        return ShownTable(compare(chosen_version(self.root, before), self).frame)

    def recommended(self, purpose: str | None = None) -> Recommended:
        """Which generator for what, chosen from the measures on these latent vectors.

        Collapsed sets, noise and generators that memorise are never chosen
        (`zpoints.pipeline.evaluate.recommendation`).

        Parameters
        ----------
        purpose
            "cleanest", "most diverse" or "best of both"; all three by default.

        Returns
        -------
        pandas.DataFrame
            A row for each purpose: the samples' `name`, the `reason`, and the `price` in numbers.
            Empty where no generator qualifies; it then shows why.

        Raises
        ------
        EvaluateError
            If the purpose is unknown.

        Examples
        --------
        >>> import zpoints as zp
        >>> store = zp.open("runs/demo")  # doctest: +SKIP
        >>> store.recommended("cleanest")  # doctest: +SKIP
        """
        return recommended(self._measured, purpose)

    @property
    def _measured(self) -> dict[str, xr.Dataset]:
        return {name: self.quality(name) for name in self.quality_names}

    @property
    def _imported(self) -> bool:
        return "latents" in self.groups and were_imported(self.latents)

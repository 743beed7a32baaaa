"""The explorer: a page on which one sees and touches the latent vectors of a store."""

from zpoints.extras import require

require("explore")

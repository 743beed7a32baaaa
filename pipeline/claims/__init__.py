"""Claims and questions of the source of the method, on a user's own latent vectors."""

from zpoints.pipeline.claims.answers import Answer, Answers, answers
from zpoints.pipeline.claims.claim import Claim
from zpoints.pipeline.claims.faces import faces_claim
from zpoints.pipeline.claims.normality import Normality, normality
from zpoints.pipeline.claims.uniform import uniform_claims
from zpoints.pipeline.claims.verdicts import Verdicts, all_claims, claims

__all__ = [
    "Answer",
    "Answers",
    "Claim",
    "Normality",
    "Verdicts",
    "all_claims",
    "answers",
    "claims",
    "faces_claim",
    "normality",
    "uniform_claims",
]

"""lightning-bolts: the evaluator that trains on the features of a module while that is trained."""

from __future__ import annotations

from shapelint.python.state.plugins import LibraryPlugin

EVALUATORS = (
    "pl_bolts.callbacks.SSLOnlineEvaluator",
    "pl_bolts.callbacks.ssl_online.SSLOnlineEvaluator",
    "pl_bolts.callbacks.self_supervised.SSLOnlineEvaluator",
    "pl_bolts.models.self_supervised.evaluator.SSLEvaluator",
    "pl_bolts.models.self_supervised.SSLEvaluator",
)
BOLTS = LibraryPlugin(
    "lightning-bolts",
    packages=frozenset({"pl_bolts"}),
    stand_ins=dict.fromkeys(EVALUATORS, "bolts_evaluators.py"),
)

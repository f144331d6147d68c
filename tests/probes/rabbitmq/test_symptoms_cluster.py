"""The rows of the matrix about a cluster of the bus page: nothing works while they hold."""

from __future__ import annotations

from cs_exporter.probes.rabbitmq.symptoms_cluster import CLUSTER_SYMPTOMS
from cs_exporter.spec import Severity


def test_both_page() -> None:
    """A split and an empty bus; the course of either is in test_rabbitmq_cluster."""
    assert {"CsRabbitmqViewsDiffer", "CsRabbitmqNoQueues"} == {symptom.name for symptom in CLUSTER_SYMPTOMS}
    assert {Severity.CRITICAL} == {symptom.severity for symptom in CLUSTER_SYMPTOMS}

"""How Grafana finds its data source and these dashboards: its provisioning files, for a Grafana beside Prometheus.

The data source may have any name: dashboards let one choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FOLDER = "deploy/grafana/provisioning"

SOURCES = """\
# Made by cs-exporter matrix write.
# Copy to /etc/grafana/provisioning/datasources/ unless Grafana has your Prometheus already.
apiVersion: 1

datasources:
- name: Prometheus
  type: prometheus
  access: proxy
  url: http://localhost:9090
  jsonData:
    httpMethod: POST  # many hosts chosen make long queries
    timeInterval: 15s  # how often Prometheus scrapes cs_exporter
"""

PROVIDERS = """\
# Made by cs-exporter matrix write.
# Copy to /etc/grafana/provisioning/dashboards/, and the files of dashboards/ to the path below.
apiVersion: 1

providers:
- name: cs_exporter
  folder: cs_exporter
  type: file
  allowUiUpdates: false  # what is changed in Grafana would be lost with the next version
  updateIntervalSeconds: 60
  options:
    path: /var/lib/grafana/dashboards/cs_exporter
"""

FILES: Mapping[str, str] = MappingProxyType(
    {f"{FOLDER}/datasources/cs-exporter.yml": SOURCES, f"{FOLDER}/dashboards/cs-exporter.yml": PROVIDERS}
)

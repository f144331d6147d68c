# The exporter as a container image: docker build -t cs_exporter . (podman and buildah: with --format docker, because
# an image of the other format has no health check). PYTHON_IMAGE may be any image of Linux with glibc, sh and Python.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
# pip stays behind in a virtual environment of its own: what is shipped has none.
RUN python3 -m venv /pip && python3 -m venv --without-pip /opt/cs_exporter
ENV PATH=/pip/bin:$PATH PIP_PYTHON=/opt/cs_exporter/bin/python3 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY requirements.lock .
RUN pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY cs_exporter cs_exporter
# What only the build needed is in the lock too, and goes again; so do the tests that openstacksdk brings along.
RUN pip install --no-deps --no-index --no-build-isolation . \
 && pip uninstall --yes hatchling packaging pathspec pluggy tomlkit trove-classifiers \
 && pip check \
 && rm -r /opt/cs_exporter/lib/python3*/site-packages/openstack/tests

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/cs_exporter /opt/cs_exporter
ENV PATH=/opt/cs_exporter/bin:$PATH
# Started once as root, so that Python finds its own library compiled where the root file system is read-only.
RUN cs-exporter --version
ENV PYTHONDONTWRITEBYTECODE=1

LABEL org.opencontainers.image.title="cs_exporter" \
      org.opencontainers.image.description="Prometheus exporter that watches the hosts of a private cloud" \
      org.opencontainers.image.licenses="Apache-2.0"

# For --storage.path, if it is given. Anybody may write there, because any number may be chosen as the user.
RUN install -d -m 1777 /var/lib/cs_exporter
VOLUME /var/lib/cs_exporter

WORKDIR /etc/cs_exporter
# A number, because runAsNonRoot of Kubernetes can't judge a name; any other number works as well.
USER 10001:10001
EXPOSE 10595
STOPSIGNAL SIGTERM
# Where the exporter listens elsewhere: --health-cmd='python3 -Im cs_exporter.healthy HOST:PORT'
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python3", "-Im", "cs_exporter.healthy"]
ENTRYPOINT ["cs-exporter"]
CMD ["--config.file=/etc/cs_exporter/cs_exporter.yml"]

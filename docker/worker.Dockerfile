# The worker: segmentation and calibration, with torch. TORCH_INDEX_URL chooses the build of torch: empty takes what the
# default package index has, which on x86 Linux runs on CUDA; PyTorch's own index has small CPU builds.
# The base is pinned by tag, see docs/decisions/0005; PYTHON_IMAGE takes one with a digest.
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG TORCH_INDEX_URL=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/semalign
WORKDIR /src
# First and alone: this layer is large, and stays as it is while the code changes.
COPY constraints.txt ./
RUN torch="$(grep '^torch==' constraints.txt)" \
    && /opt/semalign/bin/pip install --no-cache-dir --no-deps ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} "$torch"
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY worker worker
COPY service service
RUN /opt/semalign/bin/pip install --no-cache-dir --constraint constraints.txt ".[worker]"

FROM ${PYTHON_IMAGE}
# The folders exist with their owner, so that new volumes mounted there belong to the user who writes to them.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin semalign \
    && install --directory --owner semalign --group semalign /data /models
COPY --from=build /opt/semalign /opt/semalign
# SIGTERM hands the running job back; threads that wait do not spin; compiled loops are kept where writing is allowed.
ENV PATH=/opt/semalign/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    REMAP_SIGTERM=SIGQUIT \
    OMP_WAIT_POLICY=passive \
    NUMBA_CACHE_DIR=/tmp/numba \
    SEMALIGN_DATA_DIR=/data \
    SEMALIGN_MODELS_DIR=/models \
    SEMALIGN_LOG_FORMAT=json \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001:10001
WORKDIR /data
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s --retries=3 \
    CMD ["sh", "-c", "celery --quiet --app worker.tasks inspect --timeout 5 --destination semalign@$(hostname) ping"]
CMD ["celery", "--quiet", "--app", "worker.tasks", "worker", "--concurrency", "1", "--hostname", "semalign@%h", "--without-mingle", "--without-gossip"]

# The HTTP service: it checks uploads, stores them and queues jobs. There is no torch in this image.
# The base is pinned by tag, see docs/decisions/0005; PYTHON_IMAGE takes one with a digest.
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/semalign
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY models models
COPY worker worker
COPY service service
RUN /opt/semalign/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM ${PYTHON_IMAGE}
# The folder exists with its owner, so that a new volume mounted there belongs to the user who writes to it.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin semalign \
    && install --directory --owner semalign --group semalign /data
COPY --from=build /opt/semalign /opt/semalign
ENV PATH=/opt/semalign/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SEMALIGN_DATA_DIR=/data \
    SEMALIGN_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import httpx; httpx.get('http://127.0.0.1:8000/healthz', timeout=3).raise_for_status()"]
CMD ["python", "-m", "service.cli.serve", "--host", "0.0.0.0", "--port", "8000"]

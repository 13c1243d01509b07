#!/usr/bin/env bash
# Builds the images with buildah, or with docker where there is no buildah:
#   docker/build.sh                 api and worker (CPU)
#   docker/build.sh api worker-gpu  those that are named: api, worker, worker-gpu
# TORCH_INDEX_URL and TORCH_GPU_INDEX_URL name the package index that torch comes from, for worker and worker-gpu;
# PYTHON_IMAGE another base, best with the digest that you reviewed: python:3.11.13-slim-bookworm@sha256:...
set -euo pipefail
cd "$(dirname "$0")/.."

version="$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' worker/version.py)"
builder="$(command -v buildah || command -v docker)" || {
    echo "There is neither buildah nor docker here: install one of them." >&2
    exit 1
}

build() { # image, Dockerfile, build arguments
    local image="semalign-$1:$version" dockerfile="docker/$2.Dockerfile"
    shift 2
    local arguments=()
    for argument in "$@" ${PYTHON_IMAGE:+"PYTHON_IMAGE=$PYTHON_IMAGE"}; do
        arguments+=(--build-arg "$argument")
    done
    echo "== $image"
    # buildah does not look for an ignore file beside the Dockerfile by itself; docker knows no such option.
    if [[ "$(basename "$builder")" == buildah ]]; then
        # The format of docker: that of OCI has no health checks.
        "$builder" build --format docker --ignorefile "$dockerfile.dockerignore" \
            --file "$dockerfile" --tag "$image" "${arguments[@]}" .
    else
        "$builder" build --file "$dockerfile" --tag "$image" "${arguments[@]}" .
    fi
}

for name in "${@:-}"; do
    case "$name" in
        "") build api api && build worker worker "TORCH_INDEX_URL=${TORCH_INDEX_URL:-}" ;;
        api) build api api ;;
        worker) build worker worker "TORCH_INDEX_URL=${TORCH_INDEX_URL:-}" ;;
        worker-gpu) build worker-gpu worker "TORCH_INDEX_URL=${TORCH_GPU_INDEX_URL:-}" ;;
        *) echo "There is no image $name: api, worker, worker-gpu." >&2 && exit 2 ;;
    esac
done

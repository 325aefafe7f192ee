# The linter alone: docker run --rm -v "$PWD:/work:ro" shapelint configs/
FROM python:3.13-slim AS build
COPY . /source
RUN pip install --no-cache-dir --prefix=/install /source

FROM python:3.13-slim
COPY --from=build /install /usr/local
USER 65534:65534
ENV XDG_CACHE_HOME=/tmp
WORKDIR /work
ENTRYPOINT ["shapelint"]

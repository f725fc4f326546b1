# Nemboks in a container: one process, one volume, no privilege.
#
#   docker build -t nemboks .
#   docker run -v nemboks-state:/var/lib/nemboks -v ./nemboks.toml:/etc/nemboks/nemboks.toml:ro nemboks
#
# Settings come from /etc/nemboks/nemboks.toml and from NEMBOKS_ variables; secrets come as files that the settings
# name with `…_file`, never as a layer or a variable of this image. The files must be readable by user 10001.

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
# Only wheels, each with the digest that a lock names: nothing unknown gets in, neither to run nor to build with.
# With the driver for a ledger on PostgreSQL: one image for one machine and for several.
COPY requirements-postgres.lock requirements-build.lock ./
RUN python -m pip --disable-pip-version-check install --no-cache-dir --require-hashes --only-binary :all: \
    -r requirements-build.lock \
 && python -m venv --without-pip /opt/nemboks \
 && python -m pip --disable-pip-version-check --python /opt/nemboks/bin/python install --no-cache-dir \
    --require-hashes --only-binary :all: -r requirements-postgres.lock
COPY pyproject.toml README.md LICENSE ./
COPY nemboks nemboks
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
 && python -m pip --disable-pip-version-check --python /opt/nemboks/bin/python install --no-cache-dir \
    --no-deps --no-index dist/nemboks-*.whl \
 && /opt/nemboks/bin/python -m compileall -q /opt/nemboks/lib

FROM python:3.11-slim-bookworm
COPY --from=build /opt/nemboks /opt/nemboks
# The journal and the sealed spool; they belong to the service's user alone.
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/nemboks
ENV PATH=/opt/nemboks/bin:$PATH \
    NEMBOKS_CONFIG=/etc/nemboks/nemboks.toml
# A number, so that a cluster can see that it is not root.
USER 10001:10001
VOLUME /var/lib/nemboks
# A stop waits for the replies to dots already sent, and for letters that may come only once: give it
# `docker stop --time 660`.
STOPSIGNAL SIGTERM
# 5 says that a letter wants attention: that is for people, and no reason to call the process ill.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 \
    CMD ["/bin/sh", "-c", "nemboks status --json >/dev/null 2>&1; case $? in 0|5) exit 0 ;; *) exit 1 ;; esac"]
ENTRYPOINT ["nemboks"]
CMD ["run"]

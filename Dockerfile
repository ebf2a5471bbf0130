# The service as an image: what is installed is built in the first stage, the second has neither compiler nor pip's cache.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/tesla
RUN python -m venv /opt/tesla
COPY requirements.txt .
RUN /opt/tesla/bin/python -m pip install --no-deps --require-hashes --requirement requirements.txt
COPY LICENSE manage.py ./
COPY tesla_api tesla_api
COPY kernel kernel
COPY console console
COPY demo demo
COPY institutions institutions
COPY learners learners
COPY courses courses
COPY reports reports
COPY rights rights
COPY retention retention
COPY signin signin
COPY files files
COPY pipeline pipeline
COPY trail trail
# Static files are the same everywhere. The local settings serve to collect them; their keys stay in this stage.
RUN DEMO=1 VAR_DIR=/tmp/build STATIC_DIR=/srv/tesla/static /opt/tesla/bin/python manage.py collectstatic --no-input
RUN /opt/tesla/bin/python -m compileall -q /srv/tesla

FROM python:3.11-slim-bookworm
ENV PATH=/opt/tesla/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DEMO=0 WEB_HOST=0.0.0.0 PORT=8000 VAR_DIR=/var/lib/tesla STATIC_DIR=/srv/tesla/static
# What WeasyPrint makes PDF with, and a font with many letters.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/tesla --shell /usr/sbin/nologin tesla \
    && install --directory --owner tesla --group tesla --mode 0700 /var/lib/tesla
COPY --from=build /opt/tesla /opt/tesla
COPY --from=build /srv/tesla /srv/tesla
WORKDIR /srv/tesla
USER tesla
VOLUME /var/lib/tesla
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=4)"]
CMD ["python", "-m", "tesla_api.serve"]

# mailseek and all its services; which one is the command. Data live in /data, of the user `mailseek`.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements-services.lock ./
RUN python -m venv /opt/mailseek \
 && /opt/mailseek/bin/pip install --no-cache-dir --require-hashes -r requirements-services.lock
COPY pyproject.toml README.md ./
COPY indexer indexer
COPY worker worker
COPY search_cli search_cli
COPY search_api search_api
RUN /opt/mailseek/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim AS mailseek
ENV PATH=/opt/mailseek/bin:$PATH MAILSEEK_HOME=/data PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --create-home mailseek \
 && install -d -o mailseek -g mailseek -m 700 /data
COPY --from=build /opt/mailseek /opt/mailseek
USER mailseek
VOLUME /data
# Celery's tasks end within two and a half minutes; compose.yml waits for them.
STOPSIGNAL SIGTERM
ENTRYPOINT ["mailseek"]
CMD ["status"]

# The same with an IMAP server to try it on; never a part of the services.
FROM mailseek AS demo
USER root
RUN apt-get update \
 && apt-get install --yes --no-install-recommends dovecot-imapd openssl \
 && rm -rf /var/lib/apt/lists/*
USER mailseek
CMD ["demo", "--serve"]

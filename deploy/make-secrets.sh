#!/bin/sh
# Moves the secrets from .env into files in secrets/, which docker-compose.secrets.yml gives to the containers. Only
# their owner can enter the folder; the files are readable for the user of the containers.
set -eu

[ -e .env ] || { echo '.env does not exist: run deploy/make-env.sh first' >&2; exit 1; }
mkdir -m 700 secrets
for name in AUTH_JWT_SECRET LEDGER_KEYS PAYLOAD_KEYS ORDERS_WEBHOOK_SECRET; do
  sed -n "s/^$name=//p" .env >"secrets/$name"
  chmod 444 "secrets/$name"
  [ -s "secrets/$name" ] || { echo "$name: not in .env" >&2; exit 1; }
done
# Only once all of them are in files.
umask 077
sed -E '/^(AUTH_JWT_SECRET|LEDGER_KEYS|PAYLOAD_KEYS|ORDERS_WEBHOOK_SECRET)=/d' .env >.env.new
mv .env.new .env
echo 'wrote secrets/'

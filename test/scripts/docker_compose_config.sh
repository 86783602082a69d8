#!/usr/bin/env bash
# docker-compose.yml is accepted by the docker-compose of this machine.
#
# usage: docker_compose_config.sh REPOSITORY; exit code 77 means skipped
set -euo pipefail

file=$1/docker-compose.yml
export COMPOSE_PROFILES=test
if docker-compose version >/dev/null 2>&1; then
    docker-compose -f "$file" config -q
elif docker compose version >/dev/null 2>&1; then
    docker compose -f "$file" config -q
else
    echo "skipped: neither docker-compose nor docker compose is installed and working"
    exit 77
fi

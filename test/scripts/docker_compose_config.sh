#!/usr/bin/env bash
# docker-compose.yml is accepted by what this machine has of docker-compose and `docker compose`, and has all services.
#
# usage: docker_compose_config.sh REPOSITORY
set -euo pipefail

file=$1/docker-compose.yml
export COMPOSE_PROFILES=test
checked=
expected=$(printf '%s\n' demo {postgres,test}-{14,15,16,17,18} | sort | xargs)

# check COMMAND...
check() {
    local services
    "$@" -f "$file" config -q
    services=$("$@" -f "$file" config --services | sort | xargs)
    if [[ $services != "$expected" ]]; then
        echo "FAILED: $* finds the services $services"
        exit 1
    fi
    checked=yes
}

if docker-compose version >/dev/null 2>&1; then check docker-compose; fi
if docker compose version >/dev/null 2>&1; then check docker compose; fi
if [[ -z $checked ]]; then
    exec "$1/test/support/skip" scripts.docker_compose_config \
        "neither docker-compose nor docker compose is installed and working"
fi

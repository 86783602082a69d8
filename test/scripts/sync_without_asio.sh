#!/usr/bin/env bash
# <coropg/sync.hpp> must not drag Boost.Asio in. Usage: sync_without_asio.sh COMPILER FLAGS...
set -euo pipefail
if used=$(echo '#include <coropg/sync.hpp>' | "$@" -x c++ -M - | tr ' ' '\n' | grep boost/asio); then
    echo "sync.hpp includes Boost.Asio: $(head -n 3 <<<"$used")"
    exit 1
fi

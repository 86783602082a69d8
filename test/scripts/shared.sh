#!/usr/bin/env bash
# A shared library offers what is in it, in a project that hides its own symbols as well.
# Usage: shared.sh SOURCE BUILD
set -euo pipefail
export LC_ALL=C  # in some languages [A-Z] is without I
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
cmake -G Ninja -S "$source" -B "$work" -DBUILD_SHARED_LIBS=ON -DCMAKE_CXX_VISIBILITY_PRESET=hidden \
    -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON -DCMAKE_CXX_COMPILER="$compiler" -DCOROPG_TESTS=OFF -DCOROPG_EXAMPLES=OFF \
    -DCOROPG_BENCH=OFF >/dev/null
object=CMakeFiles/coropg.dir/src/values/type_catalog.cpp.o
ninja -C "$work" "$object" >/dev/null
offered=$(nm -C "$work/$object" | grep -c ' T coropg::' || true)
hidden=$(readelf -sW "$work/$object" | grep -c 'HIDDEN.*coropg' || true)
if ((offered == 0 || hidden != 0)); then
    echo "$offered functions of type_catalog.cpp are offered, $hidden are hidden" >&2
    exit 1
fi

#!/usr/bin/env bash
# An installed coropg is found by find_package and by pkg-config, and a program built against it runs.
# Usage: install.sh SOURCE BUILD
set -euo pipefail
export LC_ALL=C  # in some languages [A-Z] is without I
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >/dev/null
mkdir "$work/consumer"
cp "$source"/test/scripts/install/* "$work/consumer"
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
sanitize=$(sed -n 's/^COROPG_SANITIZE:[A-Z]*=//p' "$build/CMakeCache.txt")
flags=
if [ -n "$sanitize" ]; then flags="-fsanitize=$sanitize"; fi
if grep -q '^COROPG_COVERAGE:BOOL=ON' "$build/CMakeCache.txt"; then flags="$flags --coverage"; fi
cmake -G Ninja -S "$work/consumer" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_FLAGS="$flags" >/dev/null
cmake --build "$work/build" >/dev/null
"$work/build/consumer"
"$work/build/testing"

PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name coropg.pc)")
export PKG_CONFIG_PATH
read -r -a options <<<"$(pkg-config --cflags --libs coropg)"
if [[ " ${options[*]} " == *" -std="* ]]; then
    echo "the standard is the program's choice: ${options[*]}" >&2
    exit 1
fi
# shellcheck disable=SC2086  # $flags is a list
"$compiler" -std=c++20 $flags "$work/consumer/main.cpp" "${options[@]}" -o "$work/by_pkg_config"
"$work/by_pkg_config"

# Who asks for it without need is told that it is not there.
mkdir "$work/optional"
cat >"$work/optional/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.23)
project(optional CXX)
find_package(coropg QUIET)
if(coropg_FOUND)
    message(FATAL_ERROR "found without libpq")
endif()
if(NOT coropg_NOT_FOUND_MESSAGE MATCHES "no libpq of version 15")
    message(FATAL_ERROR "not found for no reason: '${coropg_NOT_FOUND_MESSAGE}'")
endif()
END
output=$(PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=/nowhere cmake -G Ninja -S "$work/optional" -B "$work/optional/build" \
    -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler" 2>&1) || {
    echo "$output"
    exit 1
}

# README's way to install it configures neither tests nor examples.
line=$(sed -n 's/^Installed by `\(cmake -B build [^`]*\)`.*/\1/p' "$source/README.md")
case $line in *-DBUILD_TESTING=OFF*) ;; *) echo "README's install line builds tests: $line" >&2 && exit 1 ;; esac
cmake -G Ninja -S "$source" -B "$work/plain" -DBUILD_TESTING=OFF -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
if targets=$(ninja -C "$work/plain" -t targets all | grep -E '^(test|examples|bench)/.*\.o:'); then
    echo "BUILD_TESTING=OFF builds $(wc -l <<<"$targets") files of tests or examples" >&2
    exit 1
fi

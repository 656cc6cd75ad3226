# Sourced by the lab's scripts: where things are. SKIFF_CACHE moves the cache.
# shellcheck shell=sh disable=SC2034
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${SKIFF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/skiff}
mkdir -p "$cache"

#!/usr/bin/env bash
# Builds the OpenCode sandbox and pushes it to a registry: by default that of docker/daytona/compose.yml.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: docker/opencode-sandbox/build.sh [options]

  --registry HOST     where to push to (localhost:6000)
  --pull-host HOST    the same registry as Daytona's runner names it (registry:6000 for localhost:6000,
                      else the same as --registry)
  --project NAME      the folder in it (daytona)
  --opencode VERSION  of the npm package opencode-ai, and the image's tag (as the Dockerfile has it)
  --platform NAME     what Daytona's runner is (linux/amd64)
  --no-push           builds only
  --dry-run           shows what would be run, and runs nothing
TEXT
}

fail() {
  printf '%s\n\n' "$1" >&2
  usage >&2
  exit 2
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
registry=localhost:6000
pull_host=
project=daytona
version=$(sed -n 's/^ARG OPENCODE_VERSION=//p' "$here/Dockerfile")
platform=linux/amd64
push=yes
dry_run=no

while [ "$#" -gt 0 ]; do
  case $1 in
    --no-push) push=no ;;
    --dry-run) dry_run=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    --registry | --pull-host | --project | --opencode | --platform)
      [ -n "${2:-}" ] || fail "$1 needs a value"
      case $1 in
        --registry) registry=$2 ;;
        --pull-host) pull_host=$2 ;;
        --project) project=$2 ;;
        --opencode) version=$2 ;;
        --platform) platform=$2 ;;
      esac
      shift
      ;;
    *) fail "Unknown argument: $1" ;;
  esac
  shift
done

if [ -z "$pull_host" ]; then
  pull_host=$registry
  if [ "$registry" = localhost:6000 ]; then pull_host=registry:6000; fi
fi
# Daytona takes no tag that moves, so that a snapshot stays what it was.
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+([-.][0-9A-Za-z.-]+)?$ ]] ||
  fail "\"$version\" is not a version of opencode-ai, such as 1.18.33"
for part in "$registry" "$pull_host" "$project"; do
  [[ $part =~ ^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?$ ]] || fail "\"$part\" cannot be part of an image's name"
done

name=$project/opencode:$version

# Shows each command as it could be typed, and runs it where it should be run.
run() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
  if [ "$dry_run" = no ]; then "$@"; fi
}

if [ "$dry_run" = no ] && ! command -v docker >/dev/null; then
  printf 'docker is needed and not installed.\n' >&2
  exit 1
fi

run docker build --platform "$platform" --build-arg "OPENCODE_VERSION=$version" \
  --tag "$registry/$name" "$here"
if [ "$push" = yes ]; then
  run docker push "$registry/$name"
  printf 'In Daytona: %s\n' "$pull_host/$name"
fi

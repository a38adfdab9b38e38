#!/usr/bin/env bash
# Lets a snapshot of the Daytona of docker/daytona/compose.yml become active without a container that
# tries it first. That container fails where the runner's cgroups do not quite work, as in Docker in
# Docker, and the snapshot ends in the state "error". There is no API call for this and no variable.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: docker/daytona/skip-validation.sh [--dry-run] NAME | --all-failed

  NAME          the snapshot, as the dashboard has it
  --all-failed  every snapshot in the state "error"
  --dry-run     shows what would be run, and runs nothing
TEXT
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
dry_run=no
all=no
name=

while [ "$#" -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --all-failed) all=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*)
      printf 'Unknown argument: %s\n\n' "$1" >&2
      usage >&2
      exit 2
      ;;
    *)
      if [ -n "$name" ]; then
        printf 'One name at a time: %s or %s.\n' "$name" "$1" >&2
        exit 2
      fi
      name=$1
      ;;
  esac
  shift
done
if { [ -z "$name" ] && [ "$all" = no ]; } || { [ -n "$name" ] && [ "$all" = yes ]; }; then
  usage >&2
  exit 2
fi

# psql itself puts :'name' into quotes: no name can become SQL.
change='UPDATE snapshot SET state = '\''pending'\'', "errorReason" = NULL, "skipValidation" = true'
if [ "$all" = yes ]; then
  sql="$change WHERE state = 'error';"
else
  sql="$change WHERE name = :'name';"
fi
command=(docker compose -f "$here/compose.yml" exec -T db
  psql -X -U user -d daytona -v ON_ERROR_STOP=1 -v "name=$name")

if [ "$dry_run" = yes ]; then
  printf '%s\n' "$sql"
  printf '| '
  printf '%q ' "${command[@]}"
  printf '\n'
  exit 0
fi
if ! command -v docker >/dev/null; then
  printf 'docker is needed and not installed.\n' >&2
  exit 1
fi
result=$(printf '%s\n' "$sql" | "${command[@]}")
printf '%s\n' "$result"
# psql finds it quite all right to change nothing.
if [ "$result" = 'UPDATE 0' ]; then
  if [ "$all" = yes ]; then
    printf 'No snapshot is in the state "error".\n' >&2
  else
    printf 'There is no snapshot "%s".\n' "$name" >&2
  fi
  exit 1
fi

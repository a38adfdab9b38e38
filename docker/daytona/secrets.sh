#!/usr/bin/env bash
# Writes docker/daytona/.env out of .env.example beside it: a random value for everything that is empty
# there, SSH keys included. A file that exists keeps what it has and gets what it lacks.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: docker/daytona/secrets.sh [--dry-run] [--out FILE]

  --dry-run   says what would be written, without a value and without writing
  --out FILE  another file than .env beside this script
TEXT
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
example=$here/.env.example
out=$here/.env
dry_run=no

while [ "$#" -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --out)
      out=${2:?--out needs a file}
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      printf 'Unknown argument: %s\n\n' "$1" >&2
      usage >&2
      exit 2
      ;;
  esac
  shift
done

for program in openssl ssh-keygen; do
  command -v "$program" >/dev/null || {
    printf '%s is needed and not installed.\n' "$program" >&2
    exit 1
  }
done

# Readable by whoever runs this, and by nobody else, from the first moment on.
umask 077
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

base64_of() { openssl base64 -A -in "$1"; }

make_key() {
  ssh-keygen -q -t ed25519 -N '' -C daytona -f "$work/$1"
}

value_for() {
  case $1 in
    SSH_PRIVATE_KEY) base64_of "$work/gateway" ;;
    SSH_PUBLIC_KEY) base64_of "$work/gateway.pub" ;;
    SSH_HOST_KEY) base64_of "$work/host" ;;
    # Words of hexadecimal digits need no quoting anywhere.
    *) openssl rand -hex 32 ;;
  esac
}

set_in() { grep -E "^$1=." -- "$2" >/dev/null 2>&1; }

# Both halves of the gateway's key, or neither: a new half beside an old one opens nothing.
halves=0
for half in SSH_PRIVATE_KEY SSH_PUBLIC_KEY; do
  if set_in "$half" "$out"; then halves=$((halves + 1)); fi
done
if [ "$halves" -eq 1 ]; then
  printf '%s has one half of the SSH key: SSH_PRIVATE_KEY and SSH_PUBLIC_KEY belong together.\n' "$out" >&2
  exit 1
fi

new=$work/env
added=()
make_key gateway
make_key host
while IFS= read -r line || [ -n "$line" ]; do
  name=${line%%=*}
  if [[ $line != [A-Z]*=* ]]; then
    printf '%s\n' "$line"
  elif set_in "$name" "$out"; then
    grep -E "^$name=" -- "$out" | tail -n 1
  elif [ "$line" = "$name=" ]; then
    added+=("$name")
    printf '%s=%s\n' "$name" "$(value_for "$name")"
  else
    added+=("$name")
    printf '%s\n' "$line"
  fi
done <"$example" >"$new"

# What somebody has added stays too.
if [ -e "$out" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    if [[ $line == [A-Z]*=* ]] && ! grep -E "^${line%%=*}=" -- "$example" >/dev/null; then
      printf '%s\n' "$line"
    fi
  done <"$out" >>"$new"
fi

if [ "${#added[@]}" -eq 0 ]; then
  printf '%s has everything already. Nothing to change.\n' "$out"
elif [ "$dry_run" = yes ]; then
  printf 'Would write to %s: %s\n' "$out" "${added[*]}"
else
  # Beside it and then in its place: half a file is never there.
  cp -- "$new" "$out.new"
  mv -f -- "$out.new" "$out"
  printf 'Wrote to %s: %s\n' "$out" "${added[*]}"
fi

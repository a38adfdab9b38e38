#!/usr/bin/env bash
# Writes docker/daytona/.env out of .env.example beside it: a random value for everything that is empty
# there, SSH keys included. A file that exists keeps every line that says something, and gets what it lacks.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: docker/daytona/secrets.sh [--dry-run] [--out FILE]

  --dry-run   says what would be written, without a value and without writing
  --out FILE  another file than .env beside this script
TEXT
}

fail() {
  printf '%s\n' "$1" >&2
  exit "${2:-1}"
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
example=$here/.env.example
out=$here/.env
dry_run=no

while [ "$#" -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --out)
      out=${2:-}
      [ -n "$out" ] || fail '--out needs a file' 2
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
  command -v "$program" >/dev/null || fail "$program is needed and not installed."
done
# A link would be replaced by a file, and what it leads to would stay as it is.
[ ! -L "$out" ] || fail "$out is a link. Name the file that it leads to: --out FILE"
[ ! -e "$out" ] || [ -f "$out" ] || fail "$out is not a file."

# What mktemp makes is for whoever runs this, and for nobody else, from the first moment on.
work=$(mktemp -d)
beside=
trap 'rm -rf -- "$work"; [ -z "$beside" ] || rm -f -- "$beside"' EXIT

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

# What a line of such a file gives a value to, and whether that is nothing: NAME=, NAME="" or NAME=''.
line_of='^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=(.*)$'
empty_value="^[[:space:]]*(\"\"|'')?[[:space:]]*(#.*)?\$"
names() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ $line_of ]] || continue
    local name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]%$'\r'} kind=full
    if [[ $value =~ $empty_value ]]; then kind=empty; fi
    [ "$kind" != "$2" ] || printf '%s\n' "$name"
  done <"$1"
}
has() { grep -qxF -- "$1" <<<"$2"; }

full=
if [ -e "$out" ]; then full=$(names "$out" full); fi
wanted=$(names "$example" empty)

# Both halves of the gateway's key, or neither: a new half beside an old one opens nothing.
halves=0
for half in SSH_PRIVATE_KEY SSH_PUBLIC_KEY; do
  if has "$half" "$full"; then halves=$((halves + 1)); fi
done
if [ "$halves" -eq 1 ]; then
  fail "$out has one half of the SSH key: SSH_PRIVATE_KEY and SSH_PUBLIC_KEY belong together."
fi

new=$work/env
added=()
make_key gateway
make_key host

# A line that says nothing becomes one that does, once; every other one stays as it is.
fill() {
  local line name filled=
  while IFS= read -r line || [ -n "$line" ]; do
    if [[ $line =~ $line_of ]]; then
      name=${BASH_REMATCH[2]}
      if has "$name" "$wanted" && ! has "$name" "$full"; then
        if has "$name" "$filled"; then continue; fi
        filled+=$name$'\n'
        added+=("$name")
        line=$name=$(value_for "$name")
      fi
    fi
    printf '%s\n' "$line"
  done <"$1"
}

if [ ! -e "$out" ]; then
  fill "$example" >"$new"
else
  fill "$out" >"$new"
  known=$(names "$new" full && names "$new" empty)
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ $line_of ]] || continue
    name=${BASH_REMATCH[2]}
    if has "$name" "$known"; then continue; fi
    added+=("$name")
    if has "$name" "$wanted"; then line=$name=$(value_for "$name"); fi
    printf '%s\n' "$line" >>"$new"
  done <"$example"
fi

if [ "${#added[@]}" -eq 0 ]; then
  printf '%s has everything already. Nothing to change.\n' "$out"
elif [ "$dry_run" = yes ]; then
  printf 'Would write to %s: %s\n' "$out" "${added[*]}"
else
  # Beside it and then in its place: half a file is never there.
  beside=$(mktemp "$out.XXXXXX")
  cat -- "$new" >"$beside"
  mv -f -- "$beside" "$out"
  printf 'Wrote to %s: %s\n' "$out" "${added[*]}"
fi

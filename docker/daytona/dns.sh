#!/usr/bin/env bash
# Makes every name under proxy.localhost lead to this machine, as sandboxes' addresses do with
# docker/daytona/compose.yml. Browsers and curl know this of .localhost by themselves; the SDK, which is
# a Node program and asks the system, may not.
set -euo pipefail

domain=proxy.localhost

usage() {
  cat <<TEXT
Usage: docker/daytona/dns.sh [--method NAME] [--dry-run] [--undo] [--root FOLDER]

  --method resolved  systemd-resolved answers for .localhost by itself; it is made the one that is asked
  --method dnsmasq   a file in /etc/dnsmasq.d
  --method macos     a file in /etc/resolver, and one for Homebrew's dnsmasq
                     (without --method: what this machine has)
  --dry-run          says what would be changed, and changes nothing
  --undo             takes back what an earlier run has changed
  --root FOLDER      another folder than /, for an image or to try it out; no service is restarted
TEXT
}

fail() {
  printf '%s\n' "$1" >&2
  exit "${2:-1}"
}

method=
dry_run=no
undo=no
root=
while [ "$#" -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --undo) undo=yes ;;
    --method)
      method=${2:-}
      [ -n "$method" ] || fail '--method needs a name' 2
      shift
      ;;
    --root)
      root=${2:-}
      [ -d "$root" ] || fail "--root needs a folder that exists" 2
      root=${root%/}
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

if [ -z "$method" ]; then
  if [ "$(uname -s)" = Darwin ]; then
    method=macos
  elif [ -e "$root/run/systemd/resolve/stub-resolv.conf" ]; then
    method=resolved
  elif [ -d "$root/etc/dnsmasq.d" ]; then
    method=dnsmasq
  else
    fail "Neither systemd-resolved nor dnsmasq is here. Install one of them (apt-get install dnsmasq), or
put the hosts that you need into /etc/hosts: 127.0.0.1 $domain 4096-<sandbox-id>.$domain"
  fi
fi
case $method in resolved | dnsmasq | macos) ;; *) fail "\"$method\" is none of resolved, dnsmasq, macos" 2 ;; esac

changes=0
marker='# Written by daytona-proxy, docker/daytona/dns.sh; --undo takes it away.'

may_change() {
  [ -n "$root" ] || [ "$(id -u)" -eq 0 ] || fail 'Only root may do this: run it with sudo. Nothing was changed.'
}

# Says what is done. Only then, and not in a dry run, is it done.
run() {
  changes=$((changes + 1))
  if [ "$dry_run" = yes ]; then printf 'Would run:'; else printf 'Runs:'; fi
  printf ' %q' "$@"
  printf '\n'
  [ "$dry_run" = no ] || return 0
  may_change
  "$@"
}

write() {
  changes=$((changes + 1))
  if [ "$dry_run" = yes ]; then printf 'Would write '; else printf 'Writes '; fi
  printf '%s:\n' "$1"
  printf '%s\n' "$2" | sed 's/^/  /'
  [ "$dry_run" = no ] || return 0
  may_change
  mkdir -p -- "$(dirname -- "$1")"
  printf '%s\n' "$2" >"$1"
}

# A service is the running system's, not that of another folder.
service() {
  if [ -n "$root" ]; then printf 'Afterwards there: %s\n' "$*"; else run "$@"; fi
}

# Our file with this content, or without --undo none. What somebody else has written there stays.
file() {
  local path=$root$1 content=$marker$'\n'$2
  if [ -e "$path" ] && ! grep -qxF -- "$marker" "$path"; then
    fail "$path is there and not ours; it stays as it is. Move it away, or add to it yourself:
$2"
  fi
  if [ "$undo" = yes ]; then
    [ ! -e "$path" ] || run rm -- "$path"
  elif [ ! -e "$path" ] || [ "$(cat -- "$path")" != "$content" ]; then
    write "$path" "$content"
  fi
}

records="address=/$domain/127.0.0.1
local=/$domain/"

# /etc/resolv.conf leads to systemd-resolved: by its own file, or through the C library.
with_resolved() {
  local conf=$root/etc/resolv.conf saved=$root/etc/resolv.conf.before-daytona-proxy
  local stub=/run/systemd/resolve/stub-resolv.conf
  if [ "$undo" = yes ]; then
    if [ -e "$saved" ] || [ -L "$saved" ]; then run mv -f -- "$saved" "$conf"; fi
  elif grep -Eqs '^hosts:.*(\<resolve\>|\<myhostname\>)' "$root/etc/nsswitch.conf"; then
    printf 'nsswitch.conf asks a module that knows .localhost.\n'
  elif [ "$(readlink "$conf" || :)" = "$stub" ] ||
    grep -Eqs '^nameserver[[:space:]]+127\.0\.0\.53$' "$conf"; then
    printf 'resolv.conf asks systemd-resolved, which knows .localhost.\n'
  else
    # Kept once: a second run must not take our own link for what was there before.
    if [ -e "$conf" ] && [ ! -e "$saved" ]; then run cp -a -- "$conf" "$saved"; fi
    run ln -sf -- "$stub" "$conf"
  fi
}

with_dnsmasq() {
  local before=$changes
  file /etc/dnsmasq.d/daytona-proxy.conf "$records"
  [ "$changes" -eq "$before" ] || service systemctl restart dnsmasq
}

with_macos() {
  local before=$changes homebrew=/opt/homebrew
  if [ ! -d "$root$homebrew" ]; then homebrew=/usr/local; fi
  file "$homebrew/etc/dnsmasq.d/daytona-proxy.conf" "$records"
  file "/etc/resolver/$domain" 'nameserver 127.0.0.1'
  if [ "$undo" = no ] && ! grep -Eqs '^conf-dir=.*dnsmasq\.d' "$root$homebrew/etc/dnsmasq.conf"; then
    printf '%s must have this line: conf-dir=%s/etc/dnsmasq.d/,*.conf\n' \
      "$homebrew/etc/dnsmasq.conf" "$homebrew"
  fi
  [ "$changes" -eq "$before" ] || service brew services restart dnsmasq
}

"with_$method"
[ "$changes" -gt 0 ] || printf 'Nothing to change.\n'

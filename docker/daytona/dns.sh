#!/usr/bin/env bash
# Makes every name under proxy.localhost lead to this machine, as sandboxes' addresses do with
# docker/daytona/compose.yml. Browsers and curl know this of .localhost by themselves; the SDK, which is
# a Node program and asks the system, may not.
set -euo pipefail
# What is written is read by services that are not root.
umask 022

domain=proxy.localhost

usage() {
  cat <<TEXT
Usage: docker/daytona/dns.sh [--method NAME] [--dry-run] [--undo] [--root FOLDER]

  --method resolved  systemd-resolved answers for .localhost by itself; it is made the one that is asked
  --method dnsmasq   a file in /etc/dnsmasq.d
  --method macos     a file in /etc/resolver, and one for Homebrew's dnsmasq
                     (without --method: what this machine has; with --undo: all of them)
  --dry-run          says what would be changed, and changes nothing
  --undo             takes back what an earlier run has changed
  --root FOLDER      another folder than /, to try it out; no service is restarted
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

if [ -z "$method" ] && [ "$undo" = no ]; then
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
case $method in
  resolved | dnsmasq | macos) methods=("$method") ;;
  '') methods=(resolved dnsmasq macos) ;;
  *) fail "\"$method\" is none of resolved, dnsmasq, macos" 2 ;;
esac

changes=0
# Everything is looked at first, so that what is refused is refused before anything is changed.
looking=yes
marker='# Written by daytona-proxy, docker/daytona/dns.sh; --undo takes it away.'
made='# Its folder was made for it, and goes with it.'

there() { [ -e "$1" ] || [ -L "$1" ]; }
ours() { grep -qsxF -- "$marker" "$1"; }
same() { [ "$(readlink "$1" || :)" = "$(readlink "$2" || :)" ] && { [ -L "$1" ] || cmp -s -- "$1" "$2"; }; }

# Says what is done. Only then, and not in a dry run, is it done.
run() {
  changes=$((changes + 1))
  [ "$looking" = no ] || return 0
  if [ "$dry_run" = yes ]; then printf 'Would run:'; else printf 'Runs:'; fi
  printf ' %q' "$@"
  printf '\n'
  [ "$dry_run" = no ] || return 0
  "$@"
}

write() {
  changes=$((changes + 1))
  [ "$looking" = no ] || return 0
  if [ "$dry_run" = yes ]; then printf 'Would write '; else printf 'Writes '; fi
  printf '%s:\n' "$1"
  printf '%s\n' "$2" | sed 's/^/  /'
  [ "$dry_run" = no ] || return 0
  mkdir -p -- "$(dirname -- "$1")"
  # Beside it and then in its place: half a file is never there.
  if ! { printf '%s\n' "$2" >"$1.new" && mv -f -- "$1.new" "$1"; }; then
    rm -f -- "$1.new"
    fail "$1 could not be written."
  fi
}

# A service is the running system's, not that of another folder.
service() {
  if [ -n "$root" ]; then
    printf 'Afterwards there: %s\n' "$*"
  elif ! run "$@"; then
    fail "That failed. The files are as they should be, but dnsmasq has not read them: restart it."
  fi
}

# Our file with this content, or without --undo none. What somebody else has written there stays.
file() {
  local path=$root$1 content=$marker$'\n'$2 folder
  folder=$(dirname -- "$path")
  if there "$path" && ! ours "$path"; then
    [ "$undo" = no ] || return 0
    fail "$path is there and not ours; it stays as it is. Move it away, or add to it yourself:
$2"
  fi
  if [ "$undo" = no ]; then
    if ! there "$path"; then
      [ -d "$folder" ] || content+=$'\n'$made
      write "$path" "$content"
    elif [ "$(grep -vxF -- "$made" "$path")" != "$content" ]; then
      if grep -qxF -- "$made" "$path"; then content+=$'\n'$made; fi
      write "$path" "$content"
    fi
  elif ours "$path"; then
    local with_folder=no
    if grep -qxF -- "$made" "$path"; then with_folder=yes; fi
    run rm -- "$path"
    [ "$with_folder" = no ] || run rmdir -- "$folder" || printf 'Something else is in it; it stays.\n'
  fi
}

records="address=/$domain/127.0.0.1
local=/$domain/"

# /etc/resolv.conf leads to systemd-resolved: by its own file, or through the C library.
with_resolved() {
  local conf=$root/etc/resolv.conf saved=$root/etc/resolv.conf.before-daytona-proxy
  local stub=/run/systemd/resolve/stub-resolv.conf link
  link=$(readlink "$conf" || :)
  if [ "$undo" = yes ]; then
    there "$saved" || return 0
    if [ "$link" != "$stub" ]; then
      printf '%s was changed since; it stays, and so does %s.\n' "$conf" "$saved"
    elif ours "$saved"; then
      run rm -- "$conf" "$saved"
    else
      run mv -f -- "$saved" "$conf"
    fi
  elif grep -Eqs '^hosts:.*(\<resolve\>|\<myhostname\>)' "$root/etc/nsswitch.conf"; then
    printf 'nsswitch.conf asks a module that knows .localhost.\n'
  elif [ "$link" = "$stub" ] || [ "$link" = "..$stub" ] ||
    grep -Eqs '^nameserver[[:space:]]+127\.0\.0\.53$' "$conf"; then
    printf 'resolv.conf asks systemd-resolved, which knows .localhost.\n'
  else
    [ -e "$root$stub" ] || fail "systemd-resolved does not run here: there is no $root$stub. Nothing was changed."
    # What was kept by an earlier run is somebody's only copy.
    if there "$saved" && ! same "$conf" "$saved"; then
      fail "$saved is there already, and other than $conf. Move one of them away. Nothing was changed."
    fi
    if there "$conf"; then run cp -a -- "$conf" "$saved"; else write "$saved" "$marker"; fi
    run ln -sf -- "$stub" "$conf" || {
      rm -f -- "$saved"
      fail "$conf could not be changed, and is as it was."
    }
  fi
}

with_dnsmasq() {
  local before=$changes
  file /etc/dnsmasq.d/daytona-proxy.conf "$records"
  [ "$changes" -eq "$before" ] || service systemctl restart dnsmasq
  [ "$undo" = no ] || return 0
  # Debian and Ubuntu name the folder on the command line.
  if ! [ -e "$root/etc/default/dnsmasq" ] && ! grep -Eqs '^conf-dir=/etc/dnsmasq\.d' "$root/etc/dnsmasq.conf"; then
    printf '%s must have this line: conf-dir=/etc/dnsmasq.d/,*.conf\n' "$root/etc/dnsmasq.conf"
  fi
  if ! grep -Eqs '^nameserver[[:space:]]+127\.0\.0\.1$' "$root/etc/resolv.conf"; then
    printf '%s must ask dnsmasq first: nameserver 127.0.0.1\n' "$root/etc/resolv.conf"
  fi
}

with_macos() {
  local before=$changes homebrew=/opt/homebrew
  if [ ! -d "$root$homebrew" ]; then homebrew=/usr/local; fi
  if [ "$undo" = no ] && [ ! -e "$root$homebrew/etc/dnsmasq.conf" ]; then
    fail "dnsmasq is not installed: brew install dnsmasq. Nothing was changed."
  fi
  file "$homebrew/etc/dnsmasq.d/daytona-proxy.conf" "$records"
  file "/etc/resolver/$domain" 'nameserver 127.0.0.1'
  if [ "$undo" = no ] && ! grep -Eqs '^conf-dir=.*dnsmasq\.d' "$root$homebrew/etc/dnsmasq.conf"; then
    printf '%s must have this line: conf-dir=%s/etc/dnsmasq.d/,*.conf\n' \
      "$root$homebrew/etc/dnsmasq.conf" "$homebrew"
  fi
  [ "$changes" -eq "$before" ] || service "$homebrew/bin/brew" services restart dnsmasq
}

for one in "${methods[@]}"; do "with_$one" >/dev/null; done
if [ "$changes" -gt 0 ] && [ "$dry_run" = no ] && [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
  fail 'Only root may do this: run it with sudo. Nothing was changed.'
fi
looking=no
changes=0
for one in "${methods[@]}"; do "with_$one"; done
[ "$changes" -gt 0 ] || printf 'Nothing to change.\n'

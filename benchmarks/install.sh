#!/bin/sh
# What the benchmarks compare with: Debian's isync (mbsync) and notmuch, and Dovecot to serve mail.
set -eu
missing=""
for pair in dovecot:dovecot-imapd mbsync:isync notmuch:notmuch mu:maildir-utils; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo -n"; fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq >/dev/null && $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
	echo "benchmarks need:$missing" >&2
	exit 1
}

#!/bin/sh
# Installs the servers that tests talk to, where that needs no password. Never fails: a test whose
# server is missing says so itself (and fails under CI=true).
PATH=$PATH:/usr/sbin:/usr/local/sbin
wanted=""
command -v dovecot >/dev/null 2>&1 || wanted="$wanted dovecot-imapd"
command -v redis-server >/dev/null 2>&1 || wanted="$wanted redis-server"
[ -n "$wanted" ] || exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
if [ "$(id -u)" = 0 ]; then
	as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	exit 0
fi
echo "installing$wanted (tests run on real servers)"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq >/dev/null 2>&1
# shellcheck disable=SC2086 # a list of packages
$as_root apt-get install -y -qq --no-install-recommends $wanted >/dev/null 2>&1 ||
	echo "could not install$wanted; its tests will be skipped"
exit 0

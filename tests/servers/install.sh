#!/bin/sh
# Installs the servers that tests talk to, where that needs no password. Never fails: a test whose
# server is missing says so itself (and fails under CI=true).
#
# Debian lets only one IMAP server be installed at a time, so Cyrus and Courier are unpacked into
# .servers/ beside Dovecot, which needs no root either. So is axe-core, which judges the search page.
PATH=$PATH:/usr/sbin:/usr/local/sbin
here=$(cd "$(dirname "$0")/../.." && pwd)
unpacked=$here/.servers

unpack() { # NAME PACKAGE: a server with the libraries that this machine lacks
	[ -d "$unpacked/$1" ] && return
	packages=$(apt-get install --simulate --no-install-recommends "$2" dovecot-imapd- 2>/dev/null |
		awk '/^Inst/ { print $2 }' | grep -E '^(lib|cyrus-|courier-)' | grep -vE 'gnutls|-dev$')
	[ -n "$packages" ] || { echo "there is no $2 here; its tests will be skipped"; return; }
	echo "unpacking $2 (tests run on real servers)"
	mkdir -p "$unpacked/$1.new" && cd "$unpacked/$1.new" || return
	# shellcheck disable=SC2086 # a list of packages
	apt-get download $packages >/dev/null 2>&1
	for package in *.deb; do
		dpkg-deb --extract "$package" . && rm "$package"
	done
	cd "$here" && mv "$unpacked/$1.new" "$unpacked/$1"
}

axe=4.14.1
axe() {
	[ -f "$unpacked/axe/package/axe.min.js" ] && return
	command -v npm >/dev/null 2>&1 || { echo "there is no npm here, so no axe-core; its tests will be skipped"; return; }
	mkdir -p "$unpacked/axe" && cd "$unpacked/axe" || return
	if npm pack --silent "axe-core@$axe" >/dev/null 2>&1; then
		tar -xzf "axe-core-$axe.tgz" package/axe.min.js package/LICENSE
	else
		echo "could not get axe-core; its tests will be skipped"
	fi
	rm -f "axe-core-$axe.tgz"
	cd "$here" || return
}

axe
wanted=""
command -v dovecot >/dev/null 2>&1 || wanted="$wanted dovecot-imapd"
command -v redis-server >/dev/null 2>&1 || wanted="$wanted redis-server"
command -v chromium >/dev/null 2>&1 || wanted="$wanted chromium"
command -v chromedriver >/dev/null 2>&1 || wanted="$wanted chromium-driver"
command -v apt-get >/dev/null 2>&1 || exit 0
[ -z "$wanted" ] && [ -d "$unpacked/cyrus" ] && [ -d "$unpacked/courier" ] && exit 0
if [ "$(id -u)" = 0 ]; then
	as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	as_root="false"
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq >/dev/null 2>&1
if [ -n "$wanted" ] && [ "$as_root" != false ]; then
	echo "installing$wanted (tests run on real servers)"
	for each in $wanted; do # one by one: Ubuntu, for one, has no chromium-driver
		$as_root apt-get install -y -qq --no-install-recommends "$each" >/dev/null 2>&1 ||
			echo "could not install $each; its tests will be skipped"
	done
fi
unpack cyrus cyrus-imapd
unpack courier courier-imap
exit 0

#!/bin/sh
# Runs after the .deb or .rpm package was removed or upgraded.
set -e

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
case "$1" in
    # dpkg passes `purge`, and rpm the number of versions that stay installed.
    purge | 0)
        # A home with files stays, with the user that owns it.
        if [ -d /var/lib/scanner ]; then
            rmdir /var/lib/scanner 2>/dev/null || exit 0
        fi
        if getent passwd scanner >/dev/null; then
            userdel scanner
        fi
        ;;
esac

#!/bin/sh
# Runs before the .deb or .rpm package is removed or upgraded.
set -e

case "$1" in
    # dpkg passes `remove`, and rpm the number of versions that stay installed.
    remove | 0)
        if [ -d /run/systemd/system ]; then
            systemctl disable --now scanner-cli.service
        fi
        ;;
esac

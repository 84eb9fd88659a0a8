#!/bin/sh
# Runs after the .deb or .rpm package was installed or upgraded.
set -e

if ! getent passwd scanner >/dev/null; then
    useradd --system --user-group --home-dir /var/lib/scanner --no-create-home --shell /usr/sbin/nologin scanner
fi
# The home belongs to no package, so it stays when the package is removed.
if ! [ -e /var/lib/scanner ]; then
    mkdir -m 0750 /var/lib/scanner
    chown scanner:scanner /var/lib/scanner
fi
# The service is not started before it has a connection file. After an upgrade, a running service restarts.
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl try-restart scanner-cli.service
fi

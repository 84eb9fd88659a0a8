"""A proxy that authenticates Windows users with pyspnego, and opens tunnels to this machine.

Usage: NTLM_USER_FILE=FILE python3 windows_proxy.py SCHEME
SCHEME is NTLM or Negotiate. It prints its port, and then a line for each login: `accepted` with the user, or `refused`.
"""

import base64
import http.server
import socket
import sys
import threading

import spnego

SCHEME = sys.argv[1]
PROTOCOL = {"NTLM": "ntlm", "Negotiate": "negotiate"}[SCHEME]


def forward(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


class Handler(http.server.BaseHTTPRequestHandler):
    """One for each connection, to which the login is bound."""

    protocol_version = "HTTP/1.1"
    context = None

    def do_CONNECT(self):
        scheme, _, token = (self.headers.get("Proxy-Authorization") or "").partition(" ")
        if scheme != SCHEME:
            return self.refuse(SCHEME)
        if self.context is None:
            # Without an implementation of the system, and so without Kerberos.
            options = spnego.NegotiateOptions.use_ntlm
            if PROTOCOL == "negotiate":
                options = spnego.NegotiateOptions.use_negotiate
            self.context = spnego.server(protocol=PROTOCOL, options=options)
        try:
            out = self.context.step(base64.b64decode(token))
        except spnego.exceptions.SpnegoError as error:
            self.context = None
            print("refused", error, flush=True)
            return self.refuse(SCHEME)
        if not self.context.complete:
            return self.refuse(f"{SCHEME} {base64.b64encode(out).decode()}")
        print("accepted", self.context.client_principal, flush=True)
        self.tunnel()

    def tunnel(self):
        port = int(self.path.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as server:
            self.send_response(200)
            self.end_headers()
            threading.Thread(target=forward, args=(server, self.connection), daemon=True).start()
            forward(self.connection, server)
        self.close_connection = True

    def refuse(self, challenge):
        body = b"Windows authentication is required"
        self.send_response(407)
        self.send_header("Proxy-Authenticate", challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()

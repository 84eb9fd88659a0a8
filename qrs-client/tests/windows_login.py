"""Logins of Windows users, checked by pyspnego, for the server and the proxy beside this file.

Both are started with `NTLM_USER_FILE=FILE python3 FILE SCHEME`. SCHEME is NTLM or Negotiate. Both print their port, and
then a line for each login: `accepted` with the user, or `refused`.
"""

import base64
import http.server
import sys

import spnego

SCHEME = sys.argv[1]
PROTOCOL = {"NTLM": "ntlm", "Negotiate": "negotiate"}[SCHEME]


class Handler(http.server.BaseHTTPRequestHandler):
    """One for each connection, to which the login is bound."""

    protocol_version = "HTTP/1.1"
    context = None

    def challenge(self, header):
        """Reads a header with credentials. Returns the challenge to send, or None if the user is accepted."""
        scheme, _, token = (self.headers.get(header) or "").partition(" ")
        if scheme != SCHEME:
            return SCHEME
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
            return SCHEME
        if not self.context.complete:
            return f"{SCHEME} {base64.b64encode(out).decode()}"
        print("accepted", self.context.client_principal, flush=True)
        return None

    def log_message(self, *_):
        pass


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    print(server.server_port, flush=True)
    server.serve_forever()

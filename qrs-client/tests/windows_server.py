"""A server that authenticates Windows users with pyspnego, and answers /qrs/about.

Usage: NTLM_USER_FILE=FILE python3 windows_server.py SCHEME
SCHEME is NTLM or Negotiate. It prints its port, and then a line for each login: `accepted` with the user, or `refused`.
"""

import base64
import http.server
import json
import sys

import spnego

SCHEME = sys.argv[1]
PROTOCOL = {"NTLM": "ntlm", "Negotiate": "negotiate"}[SCHEME]
COOKIE = "X-Qlik-Session=3f2b-open"


class Handler(http.server.BaseHTTPRequestHandler):
    """One for each connection, to which the login is bound."""

    protocol_version = "HTTP/1.1"
    context = None

    def do_GET(self):
        if self.headers.get("Cookie") == COOKIE:
            return self.answer(200)
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        if scheme != SCHEME:
            return self.answer(401, ("WWW-Authenticate", SCHEME))
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
            return self.answer(401, ("WWW-Authenticate", SCHEME))
        if self.context.complete:
            print("accepted", self.context.client_principal, flush=True)
            return self.answer(200, ("Set-Cookie", COOKIE + "; Path=/"))
        challenge = base64.b64encode(out).decode()
        return self.answer(401, ("WWW-Authenticate", f"{SCHEME} {challenge}"))

    def answer(self, status, *headers):
        body = {"buildVersion": "14.20.5.0"} if status == 200 else {}
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()

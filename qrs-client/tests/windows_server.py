"""A server that authenticates Windows users with pyspnego, and answers /qrs/about. See windows_login.py."""

import json

import windows_login

COOKIE = "X-Qlik-Session=3f2b-open"


class Handler(windows_login.Handler):
    def do_GET(self):
        if self.headers.get("Cookie") == COOKIE:
            return self.answer(200)
        if challenge := self.challenge("Authorization"):
            return self.answer(401, ("WWW-Authenticate", challenge))
        return self.answer(200, ("Set-Cookie", COOKIE + "; Path=/"))

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


windows_login.serve(Handler)

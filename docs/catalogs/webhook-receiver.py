#!/usr/bin/env python3
"""Receives events of the follower `webhook`, verifies their signatures, and prints one line per event.

Install the library with `pip install standardwebhooks`, then run:

    WEBHOOK_SECRET=whsec_… python3 webhook-receiver.py 8099

with the `secret` of the follower.
"""

import base64
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError



def webhook(secret):
    if not secret.startswith("whsec_"):  # a plain text, whose bytes are the key
        secret = base64.b64encode(secret.encode()).decode()
    try:
        return Webhook(secret)
    except Exception:  # the key is missing or not base64
        sys.exit("set WEBHOOK_SECRET to the `secret` of the follower")


if len(sys.argv) != 2 or not sys.argv[1].isdigit():
    sys.exit(f"name the port: {sys.argv[0]} 8099")
WEBHOOK = webhook(os.environ.get("WEBHOOK_SECRET", ""))
SEEN = set()  # a real receiver keeps these ids in its database


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # so that connections are used again

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            events = WEBHOOK.verify(body, dict(self.headers))
        except WebhookVerificationError as error:
            print(f"refused: {error}", file=sys.stderr)
            return self.answer(401)
        for event in events:
            if event["id"] not in SEEN:  # the same event may come again
                SEEN.add(event["id"])
                self.receive(event)
        self.answer(204)

    def receive(self, event):
        name = event["data"].get("item", {}).get("label", "")
        print(event["type"], event["subject"], name, flush=True)

    def answer(self, status):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()

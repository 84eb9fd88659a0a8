"""A proxy that authenticates Windows users with pyspnego, and opens tunnels to this machine. See windows_login.py."""

import socket
import threading

import windows_login


def forward(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


class Handler(windows_login.Handler):
    def do_CONNECT(self):
        if challenge := self.challenge("Proxy-Authorization"):
            return self.refuse(challenge)
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


windows_login.serve(Handler)

"""The socket side of every server of ours."""

import http.client
import socket
import threading

import flask

from mug.server.serving import http_server


def test_that_no_message_waits_for_the_acknowledgement_of_the_one_before() -> None:
    app = flask.Flask("nodelay")

    @app.get("/")
    def delays() -> str:
        connection: socket.socket = flask.request.environ["werkzeug.socket"]
        return "none" if connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) else "Nagle's"

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = http_server(app, "127.0.0.1", listening)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        client = http.client.HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=60)
        try:
            client.request("GET", "/")
            assert client.getresponse().read() == b"none"
        finally:
            client.close()
            server.shutdown()
            thread.join(10)
            server.server_close()

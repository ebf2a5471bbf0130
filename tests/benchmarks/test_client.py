"""The client of the benchmarks, against a server of a few lines."""

import socket
import threading
from time import sleep

from benchmarks.client import Connection, Target, answered

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_connection_that_the_server_closes_after_its_last_answer_is_no_failure():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = Target.of(listening.getsockname()[1], "/")
        connections = [Connection(target), Connection(target)]
        accepted = [listening.accept()[0] for _ in connections]

        def serve() -> None:
            accepted[0].sendall(ANSWER)
            accepted[0].close()
            sleep(0.05)
            accepted[1].sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        assert [connection for connection, _, _ in answered(connections, 0)] == connections
        thread.join()
        accepted[1].close()
        for connection in connections:
            connection.close()

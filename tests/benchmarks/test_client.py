"""The client of the benchmarks, against a server of a few lines."""

import socket
import threading
from time import sleep

from benchmarks.client import Connection, Target, answered

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_connection_that_the_server_closes_while_it_rests_loses_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = Target.of(listening.getsockname()[1], "/")
        first, second = Connection(target), Connection(target)
        accepted = [listening.accept()[0] for _ in (first, second)]

        def answer(number: int) -> None:
            accepted[number].recv(1 << 16)
            accepted[number].sendall(ANSWER)

        def serve() -> None:
            answer(0)
            accepted[0].close()
            sleep(0.05)
            answer(1)
            accepted.append(listening.accept()[0])
            answer(2)

        thread = threading.Thread(target=serve)
        thread.start()
        assert [connection for connection, _, _ in answered([first, second], 0)] == [first, second]
        assert first.ask() == b"{}"
        thread.join()
        for each in (*accepted, first, second):
            each.close()

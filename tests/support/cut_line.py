"""A line to a server that breaks at a chosen word, before or after the server has heard it."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Cut:
    """Where the line breaks.

    Attributes:
        word: What a request has to hold.
        is_heard: Whether the server still does what was asked; its answer is lost in any case.
        then: What else happens at that moment.
    """

    word: bytes
    is_heard: bool = True
    then: Callable[[], object] = lambda: None


@dataclass
class CutLine:
    """A TCP port that leads to a server, until it is cut; after that nobody is there until it is mended.

    Attributes:
        target: The server: `unix:///path`, or any URL with a host and a port.
        withheld: Requests that were cut before the server heard them, and the connections they belong on.
    """

    target: str
    withheld: list[tuple[socket.socket, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen."""
        self._cut: Cut | None = None
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Lead to the server again, at the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut_at(self, cut: Cut) -> None:
        """Break once a request holds the word."""
        self._cut = cut

    def deliver_withheld(self) -> None:
        """Let the server hear now what it did not hear in time, and wait for its answers, which go nowhere."""
        for server, request in self.withheld:
            server.sendall(request)
            server.recv(2**16)
        self.withheld.clear()

    def close(self) -> None:
        """Break for good."""
        with self._lock:
            for connection in (self._listener, *self._open):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it is closed when the line breaks
            while True:
                client, _ = listener.accept()
                server = self._connect()
                with self._lock:
                    self._open += [client, server]
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()

    def _connect(self) -> socket.socket:
        url = urlsplit(self.target)
        if url.scheme == "unix":
            server = socket.socket(socket.AF_UNIX)
            server.connect(url.path)
            return server
        return socket.create_connection((str(url.hostname), int(url.port or 0)))

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while request := client.recv(2**16):
                if (cut := self._cut) and cut.word in request:
                    self._break(cut, server, request)
                    return
                server.sendall(request)
        server.close()

    def _break(self, cut: Cut, server: socket.socket, request: bytes) -> None:
        self._cut = None
        with self._lock:
            self._open.remove(server)
        if cut.is_heard:
            own = self._connect()  # on a connection of its own, so that its answer is waited for and lost
            own.sendall(request)
            own.recv(2**16)
            own.close()
        else:
            self.withheld.append((self._connect(), request))
        cut.then()
        self.close()
        server.close()


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while answer := server.recv(2**16):
            client.sendall(answer)
        client.close()

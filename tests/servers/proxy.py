"""A TCP proxy on loopback that counts what passes, and can cut the connection after so many octets."""

from __future__ import annotations

import select
import socket
import threading


class Proxy:
    """A context manager; `received` counts octets from the server, `seen` what clients sent."""

    def __init__(self, port: int, *, cut_after: int | None = None) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_after = cut_after
        self.received = 0
        self.seen = bytearray()

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pump, args=(client,), daemon=True).start()

    def _pump(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            passed = 0
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for end in ready:
                    try:
                        data = end.recv(1 << 16)
                        if not data:
                            return
                        if end is client:
                            self.seen += data
                            server.sendall(data)
                            continue
                        self.received += len(data)
                        passed += len(data)
                        if self.cut_after is not None and passed > self.cut_after:
                            client.sendall(data[: len(data) // 2])
                            return
                        client.sendall(data)
                    except OSError:
                        return

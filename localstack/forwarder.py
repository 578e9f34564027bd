"""A TCP forwarder that gives the in-memory broker a fixed address: the broker picks a random port, and tells it to its clients. Kafka
frames pass unchanged, except for the answers that name the broker's address; so clients never learn the random port, and a restarted
broker is found where the old one was.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct

HOST = "127.0.0.1"
METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER = 3, 10, 60
NAMES_ADDRESS = {METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER}
FRAME_HEAD = struct.Struct(">i")
REQUEST_HEAD = struct.Struct(">hhi")  # api key, api version, correlation id


class Forwarder:
    """Listens on `port`, forwards to `broker_port`, both on loopback."""

    def __init__(self, *, port: int, broker_port: int) -> None:
        self._port = port
        self._broker_port = broker_port
        self._old = HOST.encode() + FRAME_HEAD.pack(broker_port)
        self._new = HOST.encode() + FRAME_HEAD.pack(port)

    async def serve(self) -> None:
        server = await asyncio.start_server(self._accept, HOST, self._port, reuse_address=True)
        async with server:
            await server.serve_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(HOST, self._broker_port)
        except OSError:
            writer.close()
            return
        awaited: set[int] = set()
        pumps = [
            asyncio.create_task(self._pump_requests(reader, upstream_writer, awaited)),
            asyncio.create_task(self._pump_responses(upstream_reader, writer, awaited)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        for end in (writer, upstream_writer):
            with contextlib.suppress(OSError):
                end.close()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, awaited: set[int]) -> None:
        while frame := await read_frame(reader):
            api_key, _, correlation_id = REQUEST_HEAD.unpack_from(frame)
            if api_key in NAMES_ADDRESS:
                awaited.add(correlation_id)
            await write_frame(writer, frame)

    async def _pump_responses(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, awaited: set[int]) -> None:
        while frame := await read_frame(reader):
            (correlation_id,) = FRAME_HEAD.unpack_from(frame)
            if correlation_id in awaited:
                awaited.discard(correlation_id)
                frame = frame.replace(self._old, self._new)
            await write_frame(writer, frame)


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The next frame without its length; empty at the end of the stream."""
    try:
        (length,) = FRAME_HEAD.unpack(await reader.readexactly(FRAME_HEAD.size))
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError):
        return b""


async def write_frame(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(FRAME_HEAD.pack(len(frame)) + frame)
    await writer.drain()

"""Runs in a process of its own, with the simulated bus behind /dev/i2c-1: asks boards by smbus2.

Prints what it found as one line of JSON.
"""

import json
import struct
import sys

from smbus2 import SMBus, i2c_msg

from tests.support.reference import BUSY_BEACON, IDLE_BEACON, Client, I2cWire, crc16


def main(addresses: list[int]) -> None:
    with SMBus(1) as bus:

        def write(address: int, data: bytes) -> None:
            bus.i2c_rdwr(i2c_msg.write(address, data))

        def read(address: int, count: int) -> bytes:
            message = i2c_msg.read(address, count)
            bus.i2c_rdwr(message)
            return bytes(message)

        found = {}
        for address in range(0x08, 0x30):
            try:
                found[address] = read(address, 4)
            except OSError:
                continue
        boards = {}
        for address in addresses:
            client = Client(I2cWire(address, write, read))
            hello = client.hello()
            schema = client.schema()
            status = client.command(1, 0, b"\1")
            first = client.request(3, struct.pack("<HI", hello.boot, 1))
            boards[address] = {
                "uid": hello.uid.hex(),
                "schema_good": crc16(schema) == hello.schema_crc,
                "name": schema.split(b"\n")[1].decode(),
                "status": status,
                "samples": first[7],
            }
        beacons = all(data in (IDLE_BEACON, BUSY_BEACON) for data in found.values())
    print(json.dumps({"found": sorted(found), "beacons": beacons, "boards": boards}))


if __name__ == "__main__":
    main([int(word, 0) for word in sys.argv[1:]])

#include "crc16.h"

namespace gateway {

// Without a table: 30 instructions a byte against 512 bytes of flash.
uint16_t crcAdd(uint16_t crc, uint8_t byte) {
  uint8_t x = static_cast<uint8_t>(crc >> 8) ^ byte;
  x ^= x >> 4;
  return static_cast<uint16_t>(crc << 8) ^ static_cast<uint16_t>(static_cast<uint16_t>(x) << 12) ^
         static_cast<uint16_t>(static_cast<uint16_t>(x) << 5) ^ x;
}

uint16_t crcAdd(uint16_t crc, const uint8_t* bytes, uint16_t count) {
  while (count--) crc = crcAdd(crc, *bytes++);
  return crc;
}

} // namespace gateway

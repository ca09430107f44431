// CRC-16 with polynomial 0x1021, initial value 0xFFFF, not reflected, no final XOR.
#pragma once
#include <stdint.h>

namespace gateway {

const uint16_t kCrcStart = 0xFFFF;

uint16_t crcAdd(uint16_t crc, uint8_t byte);
uint16_t crcAdd(uint16_t crc, const uint8_t* bytes, uint16_t count);

} // namespace gateway

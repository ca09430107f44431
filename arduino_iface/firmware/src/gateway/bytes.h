// Little-endian integers in byte buffers.
#pragma once
#include <stdint.h>

namespace gateway {

inline uint16_t get16(const uint8_t* p) { return p[0] | static_cast<uint16_t>(p[1]) << 8; }

inline uint32_t get32(const uint8_t* p) {
  return get16(p) | static_cast<uint32_t>(get16(p + 2)) << 16;
}

// Writes the low `count` bytes of `value`.
inline void putBytes(uint8_t* p, uint32_t value, uint8_t count) {
  while (count--) {
    *p++ = static_cast<uint8_t>(value);
    value >>= 8;
  }
}

} // namespace gateway

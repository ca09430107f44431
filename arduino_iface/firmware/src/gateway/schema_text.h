// The schema: the text by which a board describes itself. It is made anew for each request and
// never held in memory; a reader takes the piece that it wants.
#pragma once
#include <stdint.h>

#include "declarations.h"

namespace gateway {

struct SchemaFacts {
  uint16_t length;
  uint16_t crc;
};

SchemaFacts measureSchema(const Declarations& declarations);

// Copies up to `count` bytes of the text from `offset` on; gives how many there were.
uint8_t readSchema(const Declarations& declarations, uint16_t offset, uint8_t* out, uint8_t count);

} // namespace gateway

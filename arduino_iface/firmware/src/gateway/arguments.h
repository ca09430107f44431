// Arguments of a command: what the sketch declared, and what a request brought.
#pragma once
#include <stdint.h>

#include "text.h"
#include "value.h"

namespace gateway {

// One declared argument. Bounds are inclusive and checked on the board as well as in the gateway.
struct ArgumentSpec {
  Text name;
  ValueType type;
  bool bounded;
  int32_t lowest;
  int32_t highest;

  bool allows(const uint8_t* packed) const;
};

// The arguments of one command call, in the order of their declaration. Valid only while the
// command's handler runs. An index that was not declared gives 0.
class Arguments {
 public:
  Arguments(const ArgumentSpec* specs, uint8_t count, const uint8_t* packed, uint16_t token)
      : specs_(specs), packed_(packed), token_(token), count_(count) {}

  uint8_t count() const { return count_; }
  int32_t integer(uint8_t index) const;
  uint32_t unsignedInteger(uint8_t index) const { return static_cast<uint32_t>(integer(index)); }
  float real(uint8_t index) const;

  // Names this call; a handler that returns kAccepted hands it to GatewayDevice::finish() later.
  uint16_t token() const { return token_; }

  // Whether `byteCount` bytes are exactly these arguments, each within its bounds.
  bool valid(uint8_t byteCount) const;

 private:
  const uint8_t* find(uint8_t index) const;

  const ArgumentSpec* specs_;
  const uint8_t* packed_;
  uint16_t token_;
  uint8_t count_;
};

} // namespace gateway

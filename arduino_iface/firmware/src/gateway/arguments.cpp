#include "arguments.h"

#include <math.h>

namespace gateway {

bool ArgumentSpec::allows(const uint8_t* packed) const {
  if (type == kF32) {
    const float value = unpackReal(type, packed);
    if (isnan(value) || isinf(value)) return false;
    return !bounded || (value >= lowest && value <= highest);
  }
  const int32_t value = unpackInteger(type, packed);
  if (type == kBool) return value == 0 || value == 1;
  if (!bounded) return true;
  if (type == kU32 && value < 0) return false; // above 2^31: above every bound we can hold
  return value >= lowest && value <= highest;
}

const uint8_t* Arguments::find(uint8_t index) const {
  if (index >= count_) return nullptr;
  const uint8_t* at = packed_;
  for (uint8_t i = 0; i < index; i++) at += valueSize(specs_[i].type);
  return at;
}

int32_t Arguments::integer(uint8_t index) const {
  const uint8_t* at = find(index);
  return at ? unpackInteger(specs_[index].type, at) : 0;
}

float Arguments::real(uint8_t index) const {
  const uint8_t* at = find(index);
  return at ? unpackReal(specs_[index].type, at) : 0;
}

bool Arguments::valid(uint8_t byteCount) const {
  uint8_t expected = 0;
  for (uint8_t i = 0; i < count_; i++) expected += valueSize(specs_[i].type);
  if (byteCount != expected) return false;
  for (uint8_t i = 0; i < count_; i++) {
    if (!specs_[i].allows(find(i))) return false;
  }
  return true;
}

} // namespace gateway

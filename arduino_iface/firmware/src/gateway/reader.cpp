#include "reader.h"

namespace gateway {

void Reader::readInto(ValueType type, float scale, float offset, uint8_t* out) const {
  const bool plain = scale == 1.0f && offset == 0.0f;
  float real = 0;
  switch (kind_) {
    case kFloat:
      real = call_.asFloat();
      break;
    case kDouble:
      real = static_cast<float>(call_.asDouble());
      break;
    case kUnsignedLong: {
      const uint32_t value = static_cast<uint32_t>(call_.asUnsignedLong());
      if (plain || value == kMissingUnsigned) return packUnsigned(type, value, out);
      real = value;
      break;
    }
    case kNone:
      return packMissing(type, out);
    default: {
      const int32_t value = kind_ == kLong  ? static_cast<int32_t>(call_.asLong())
                            : kind_ == kInt ? static_cast<int32_t>(call_.asInt())
                                            : static_cast<int32_t>(call_.asBool());
      if (plain || value == kMissing) return packSigned(type, value, out);
      real = value;
    }
  }
  packReal(type, plain ? real : (real - offset) / scale, out);
}

} // namespace gateway

#include "value.h"

#include <math.h>
#include <string.h>

#include "bytes.h"

namespace gateway {

static_assert(sizeof(float) == 4, "f32 is the machine's own float");

uint8_t valueSize(ValueType type) {
  switch (type) {
    case kU16:
    case kI16:
      return 2;
    case kU32:
    case kI32:
    case kF32:
      return 4;
    default:
      return 1;
  }
}

void packMissing(ValueType type, uint8_t* out) {
  switch (type) {
    case kI8:
    case kI16:
    case kI32:
      putBytes(out, 0, valueSize(type));
      out[valueSize(type) - 1] = 0x80; // the lowest value
      return;
    case kF32:
      putBytes(out, 0x7FC00000, 4); // a quiet NaN
      return;
    default:
      putBytes(out, UINT32_MAX, valueSize(type)); // the highest value
  }
}

static bool fits(ValueType type, int32_t value) {
  switch (type) {
    case kU8:
      return value >= 0 && value < 0xFF;
    case kI8:
      return value > -0x80 && value < 0x80;
    case kU16:
      return value >= 0 && value < 0xFFFF;
    case kI16:
      return value > -0x8000L && value < 0x8000L;
    case kU32:
      return value >= 0;
    default:
      return true;
  }
}

static void putFloat(float value, uint8_t* out) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  putBytes(out, bits, sizeof bits);
}

void packSigned(ValueType type, int32_t value, uint8_t* out) {
  if (value == kMissing || !fits(type, value)) {
    packMissing(type, out);
  } else if (type == kF32) {
    putFloat(value, out);
  } else {
    putBytes(out, type == kBool ? value != 0 : value, valueSize(type));
  }
}

void packUnsigned(ValueType type, uint32_t value, uint8_t* out) {
  if (value <= INT32_MAX) {
    packSigned(type, static_cast<int32_t>(value), out);
  } else if (type == kU32) {
    putBytes(out, value, 4); // the highest value is the missing one already
  } else if (type == kF32 && value != kMissingUnsigned) {
    putFloat(value, out);
  } else {
    packMissing(type, out);
  }
}

void packReal(ValueType type, float value, uint8_t* out) {
  if (type == kF32) {
    if (isnan(value)) {
      packMissing(type, out); // one bit pattern for all NaNs
    } else {
      putFloat(value, out);
    }
    return;
  }
  const float rounded = floorf(value + 0.5f);
  if (rounded >= -2147483648.0f && rounded < 2147483648.0f) {
    packSigned(type, static_cast<int32_t>(rounded), out);
  } else if (rounded >= 2147483648.0f && rounded < 4294967296.0f) {
    packUnsigned(type, static_cast<uint32_t>(rounded), out);
  } else {
    packMissing(type, out); // NaN and infinity end here
  }
}

int32_t unpackInteger(ValueType type, const uint8_t* bytes) {
  switch (type) {
    case kI8:
      return static_cast<int8_t>(bytes[0]);
    case kI16:
      return static_cast<int16_t>(get16(bytes));
    case kU16:
      return get16(bytes);
    case kU32:
    case kI32:
      return static_cast<int32_t>(get32(bytes));
    case kF32: {
      const float value = unpackReal(type, bytes);
      return value > -2147483648.0f && value < 2147483648.0f ? static_cast<int32_t>(value) : 0;
    }
    default:
      return bytes[0];
  }
}

float unpackReal(ValueType type, const uint8_t* bytes) {
  if (type == kF32) {
    const uint32_t bits = get32(bytes);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  if (type == kU32) return get32(bytes);
  return unpackInteger(type, bytes);
}

ValueType typeForRange(int32_t lowest, int32_t highest) {
  if (lowest >= 0) {
    if (highest <= 0xFF) return kU8;
    return highest <= 0xFFFF ? kU16 : kU32;
  }
  if (lowest >= -0x80 && highest < 0x80) return kI8;
  return lowest >= -0x8000L && highest < 0x8000L ? kI16 : kI32;
}

} // namespace gateway

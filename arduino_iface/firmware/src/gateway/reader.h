// A sketch's function that reads one channel. It may return whatever number it has; how it says
// "no value" depends on the type: NAN, kMissing (int, long) or kMissingUnsigned.
#pragma once
#include <stdint.h>

#include "value.h"

namespace gateway {

class Reader {
 public:
  Reader() : kind_(kNone) { call_.asLong = nullptr; }
  Reader(float (*read)()) : kind_(kFloat) { call_.asFloat = read; }
  Reader(double (*read)()) : kind_(kDouble) { call_.asDouble = read; }
  Reader(long (*read)()) : kind_(kLong) { call_.asLong = read; }
  Reader(unsigned long (*read)()) : kind_(kUnsignedLong) { call_.asUnsignedLong = read; }
  Reader(int (*read)()) : kind_(kInt) { call_.asInt = read; }
  Reader(bool (*read)()) : kind_(kBoolean) { call_.asBool = read; }

  bool exists() const { return call_.asLong != nullptr; }
  bool isBool() const { return kind_ == kBoolean; }

  // Reads, converts to the raw value (value - offset) / scale and writes it as `type`. With scale 1
  // and offset 0 an integer stays an integer: no digit is lost to a float.
  void readInto(ValueType type, float scale, float offset, uint8_t* out) const;

 private:
  enum Kind : uint8_t { kNone, kFloat, kDouble, kLong, kUnsignedLong, kInt, kBoolean };

  Kind kind_;
  union {
    float (*asFloat)();
    double (*asDouble)();
    long (*asLong)();
    unsigned long (*asUnsignedLong)();
    int (*asInt)();
    bool (*asBool)();
  } call_;
};

} // namespace gateway

// Values as they go over the wire: eight types, and for each a code that means "missing".
#pragma once
#include <stdint.h>

namespace gateway {

enum ValueType : uint8_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool };

// What a reader that returns an integer returns for a missing value (a reader that returns float
// returns NAN).
const int32_t kMissing = INT32_MIN;
const uint32_t kMissingUnsigned = UINT32_MAX;

uint8_t valueSize(ValueType type);

// Each writes valueSize(type) bytes. A value that the type cannot hold is written as missing, since
// a clipped value would be wrong.
void packMissing(ValueType type, uint8_t* out);
void packSigned(ValueType type, int32_t value, uint8_t* out);
void packUnsigned(ValueType type, uint32_t value, uint8_t* out);
void packReal(ValueType type, float value, uint8_t* out);

// Reads any type as 32 bits (u32 keeps its bits, f32 is cut to a whole number; 0 when that does not
// fit), and any type as a float.
int32_t unpackInteger(ValueType type, const uint8_t* bytes);
float unpackReal(ValueType type, const uint8_t* bytes);

// The smallest integer type that holds both bounds.
ValueType typeForRange(int32_t lowest, int32_t highest);

} // namespace gateway

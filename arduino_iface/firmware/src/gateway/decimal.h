// Numbers as decimal text, without printf (1.5 KB of flash on AVR, and no floats there).
#pragma once
#include <stdint.h>

namespace gateway {

const uint8_t kDigitsMax = 10;
const uint8_t kRealMax = 16;

// Writes the decimal digits of `value` to at most kDigitsMax characters; gives how many. No
// closing zero is added here nor below.
uint8_t formatDigits(uint32_t value, char* out);

// Writes a finite `value` with six significant digits, as short as possible ("0.01", "-40",
// "1.5e-07"), to at most kRealMax characters; gives how many.
uint8_t formatReal(float value, char* out);

} // namespace gateway

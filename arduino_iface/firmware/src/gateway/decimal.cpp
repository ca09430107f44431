#include "decimal.h"

namespace gateway {

uint8_t formatDigits(uint32_t value, char* out) {
  char reversed[kDigitsMax];
  uint8_t n = 0;
  do {
    reversed[n++] = '0' + value % 10;
    value /= 10;
  } while (value != 0);
  for (uint8_t i = 0; i < n; i++) out[i] = reversed[n - 1 - i];
  return n;
}

// Powers of ten up to 10^10 are exact floats: one multiplication is one rounding, which six digits
// do not show.
static float powerOfTen(uint8_t exponent) {
  float power = 1;
  while (exponent--) power *= 10;
  return power;
}

static float scaledBy(float value, int8_t exponent) {
  while (exponent > 10) {
    value *= powerOfTen(10);
    exponent -= 10;
  }
  while (exponent < -10) {
    value /= powerOfTen(10);
    exponent += 10;
  }
  return exponent < 0 ? value / powerOfTen(-exponent) : value * powerOfTen(exponent);
}

uint8_t formatReal(float value, char* out) {
  uint8_t n = 0;
  if (value < 0) {
    out[n++] = '-';
    value = -value;
  }
  if (value == 0) {
    out[n++] = '0';
    return n;
  }
  int8_t exponent = 0;
  for (float v = value; v >= 10; v /= 10) exponent++;
  for (float v = value; v < 1; v *= 10) exponent--;
  uint32_t digits = static_cast<uint32_t>(scaledBy(value, 5 - exponent) + 0.5f);
  if (digits >= 1000000) { // rounding, here or in the search for the exponent
    exponent++;
    digits = static_cast<uint32_t>(scaledBy(value, 5 - exponent) + 0.5f);
  } else if (digits < 100000) {
    exponent--;
    digits = static_cast<uint32_t>(scaledBy(value, 5 - exponent) + 0.5f);
  }
  uint8_t count = 6;
  for (; count > 1 && digits % 10 == 0; count--) digits /= 10;
  char text[kDigitsMax];
  formatDigits(digits, text);

  const bool scientific = exponent < -4 || exponent > 5;
  const int8_t point = scientific ? 0 : exponent; // index of the last digit before the point
  for (int8_t i = point < 0 ? point : 0; i < count || i <= point; i++) {
    out[n++] = i >= 0 && i < count ? text[i] : '0';
    if (i == point && i + 1 < count) out[n++] = '.';
  }
  if (scientific) {
    out[n++] = 'e';
    out[n++] = exponent < 0 ? '-' : '+';
    const uint8_t size = exponent < 0 ? -exponent : exponent;
    out[n++] = '0' + size / 10;
    out[n++] = '0' + size % 10;
  }
  return n;
}

} // namespace gateway

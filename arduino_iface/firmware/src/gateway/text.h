// A constant string of the sketch, in RAM ("...") or in flash (F("...")). The text itself is not
// copied and must live as long as the device: use literals.
#pragma once
#include <stdint.h>

#ifdef __AVR__
#include <avr/pgmspace.h>
#endif

class __FlashStringHelper; // Arduino's type of F("..."); declared here to stay free of Arduino.h

namespace gateway {

class Text {
 public:
  Text() : chars_(""), inFlash_(false) {}
  Text(const char* chars) : chars_(chars), inFlash_(false) {}
  Text(const __FlashStringHelper* chars)
      : chars_(reinterpret_cast<const char*>(chars)), inFlash_(true) {}

  // The character at `index`, 0 at the end.
  char at(uint8_t index) const {
#ifdef __AVR__
    if (inFlash_) return static_cast<char>(pgm_read_byte(chars_ + index));
#endif
    return chars_[index];
  }

  bool isName() const; // [a-z][a-z0-9_]*, at most 24 characters
  bool isWord() const; // 1 to 24 visible ASCII characters
  bool sameAs(const Text& other) const;

 private:
  const char* chars_;
  bool inFlash_;
};

} // namespace gateway

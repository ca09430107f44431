#include "text.h"

namespace gateway {

static const uint8_t kLengthMax = 24;

static bool isNameCharacter(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (!first && ((c >= '0' && c <= '9') || c == '_'));
}

bool Text::isName() const {
  uint8_t i = 0;
  for (; at(i) != 0; i++) {
    if (i == kLengthMax || !isNameCharacter(at(i), i == 0)) return false;
  }
  return i > 0;
}

bool Text::isWord() const {
  uint8_t i = 0;
  for (; at(i) != 0; i++) {
    if (i == kLengthMax || at(i) <= ' ' || at(i) > '~') return false;
  }
  return i > 0;
}

bool Text::sameAs(const Text& other) const {
  uint8_t i = 0;
  while (at(i) != 0 && at(i) == other.at(i)) i++;
  return at(i) == other.at(i);
}

} // namespace gateway

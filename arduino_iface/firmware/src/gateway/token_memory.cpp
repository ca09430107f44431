#include "token_memory.h"

namespace gateway {

bool TokenMemory::find(uint16_t token, Outcome& outcome) const {
  for (uint8_t i = 0; i < count_; i++) {
    if (entries_[i].token == token) {
      outcome = entries_[i].outcome;
      return true;
    }
  }
  return false;
}

bool TokenMemory::canStart() const {
  uint8_t running = 0;
  for (uint8_t i = 0; i < count_; i++) running += entries_[i].outcome == kAccepted;
  return running < kRunningMax;
}

void TokenMemory::remember(uint16_t token, Outcome outcome) {
  if (count_ == kRoom) {
    uint8_t oldest = 0; // the oldest that has ended; there is one, see canStart()
    while (entries_[oldest].outcome == kAccepted) oldest++;
    for (uint8_t i = oldest; i + 1 < kRoom; i++) entries_[i] = entries_[i + 1];
    count_--;
  }
  entries_[count_++] = {token, outcome};
}

bool TokenMemory::finish(uint16_t token, Outcome outcome) {
  for (uint8_t i = 0; i < count_; i++) {
    if (entries_[i].token == token && entries_[i].outcome == kAccepted) {
      entries_[i].outcome = outcome;
      return true;
    }
  }
  return false;
}

} // namespace gateway

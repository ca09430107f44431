// The last commands and their outcomes, so that a command which is repeated (its reply was lost) is
// answered and not executed twice.
#pragma once
#include <stdint.h>

#include "protocol.h"

namespace gateway {

class TokenMemory {
 public:
  // True when `token` is known; `outcome` is then how it ended, kAccepted while it runs.
  bool find(uint16_t token, Outcome& outcome) const;

  // Whether a new command may be started: two may run at a time, so that with the four last ones
  // that must be remembered the memory never has to forget a running one.
  bool canStart() const;

  void remember(uint16_t token, Outcome outcome);

  // Ends a running command; false when `token` is not running.
  bool finish(uint16_t token, Outcome outcome);

 private:
  static const uint8_t kRemembered = 4;
  static const uint8_t kRunningMax = 2;
  static const uint8_t kRoom = kRemembered + kRunningMax;

  struct Entry {
    uint16_t token;
    Outcome outcome;
  };

  Entry entries_[kRoom]; // oldest first
  uint8_t count_ = 0;
};

} // namespace gateway

// A sketch's function that carries out one command. Simple commands take nothing or their first
// argument as a long; a function that returns nothing counts as done.
#pragma once
#include <stdint.h>

#include "arguments.h"
#include "protocol.h"

namespace gateway {

class Handler {
 public:
  Handler() : kind_(kNone) { call_.plain = nullptr; }
  Handler(void (*handle)()) : kind_(kPlain) { call_.plain = handle; }
  Handler(void (*handle)(long)) : kind_(kWithLong) { call_.withLong = handle; }
  Handler(Outcome (*handle)()) : kind_(kOutcome) { call_.outcome = handle; }
  Handler(Outcome (*handle)(long)) : kind_(kOutcomeWithLong) { call_.outcomeWithLong = handle; }
  Handler(Outcome (*handle)(const Arguments&)) : kind_(kFull) { call_.full = handle; }

  bool exists() const { return call_.plain != nullptr; }
  bool needsInteger() const { return kind_ == kWithLong || kind_ == kOutcomeWithLong; }

  Outcome run(const Arguments& arguments) const {
    switch (kind_) {
      case kPlain:
        call_.plain();
        return kDone;
      case kWithLong:
        call_.withLong(arguments.integer(0));
        return kDone;
      case kOutcome:
        return call_.outcome();
      case kOutcomeWithLong:
        return call_.outcomeWithLong(arguments.integer(0));
      case kFull:
        return call_.full(arguments);
      default:
        return kFailed;
    }
  }

 private:
  enum Kind : uint8_t { kNone, kPlain, kWithLong, kOutcome, kOutcomeWithLong, kFull };

  Kind kind_;
  union {
    void (*plain)();
    void (*withLong)(long);
    Outcome (*outcome)();
    Outcome (*outcomeWithLong)(long);
    Outcome (*full)(const Arguments&);
  } call_;
};

} // namespace gateway

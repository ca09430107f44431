#include "indicator.h"

#include <Arduino.h>

namespace gateway {

static const uint32_t kIdentifyMs = 3000;
static const uint8_t kBlinkShift = 7; // half a period: 128 ms
static const uint8_t kFaultShift = 5; // 32 ms

void Indicator::show(bool on) {
  if (!exists()) return;
  pinMode(pin_, OUTPUT);
  digitalWrite(pin_, on ? HIGH : LOW);
}

void Indicator::identify(uint32_t nowMs) {
  active_ = true;
  startedMs_ = nowMs;
}

void Indicator::run(uint32_t nowMs, bool fault) {
  if (fault) {
    show((nowMs >> kFaultShift) & 1);
  } else if (active_) { // the pin is left alone at all other times: a sketch may use it
    const uint32_t elapsedMs = nowMs - startedMs_;
    active_ = elapsedMs < kIdentifyMs;
    show(active_ && ((elapsedMs >> kBlinkShift) & 1) == 0);
  }
}

} // namespace gateway

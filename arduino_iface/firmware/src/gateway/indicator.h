// The board's lamp: blinks for "identify", and flickers permanently when a declaration of the sketch
// is invalid.
#pragma once
#include <stdint.h>

namespace gateway {

const uint8_t kNoPin = 0xFF;

class Indicator {
 public:
  explicit Indicator(uint8_t pin) : pin_(pin) {}

  void usePin(uint8_t pin) { pin_ = pin; }
  bool exists() const { return pin_ != kNoPin; }

  void identify(uint32_t nowMs); // blinks for three seconds
  void run(uint32_t nowMs, bool fault);

 private:
  void show(bool on);

  uint8_t pin_;
  bool active_ = false;
  uint32_t startedMs_ = 0;
};

} // namespace gateway

// Samples that the gateway has not stored yet. The newest overwrites the oldest when the ring is
// full; since every sample has a number, the gateway sees exactly how many were lost.
#pragma once
#include <stdint.h>

namespace gateway {

class SampleRing {
 public:
  // `room` holds as many samples as fit. Each takes 4 bytes (its time) and `valueLength`.
  void begin(uint8_t* room, uint16_t roomLength, uint8_t valueLength);

  uint16_t capacity() const { return capacity_; }

  // Numbers the next sample and gives the place for its values.
  uint8_t* append(uint32_t nowMs);

  // The gateway has stored everything below `next`. A number not yet taken is ignored.
  void forgetBelow(uint32_t next);

  uint32_t oldest() const { return oldest_; } // equal to upcoming() when empty
  uint32_t upcoming() const { return upcoming_; } // number of the next sample, from 1
  bool holds(uint32_t number) const { return number >= oldest_ && number < upcoming_; }

  // Of a sample that the ring holds.
  uint32_t takenAtMs(uint32_t number) const;
  const uint8_t* values(uint32_t number) const { return record(number) + kTimeLength; }

 private:
  static const uint8_t kTimeLength = 4;

  uint8_t* record(uint32_t number) const { return room_ + (number % capacity_) * recordLength_; }

  uint8_t* room_ = nullptr;
  uint16_t capacity_ = 0;
  uint16_t recordLength_ = 0;
  uint32_t oldest_ = 1;
  uint32_t upcoming_ = 1;
};

} // namespace gateway

#include "sample_ring.h"

#include "bytes.h"

namespace gateway {

void SampleRing::begin(uint8_t* room, uint16_t roomLength, uint8_t valueLength) {
  room_ = room;
  recordLength_ = kTimeLength + valueLength;
  capacity_ = roomLength / recordLength_;
  oldest_ = upcoming_ = 1;
}

uint8_t* SampleRing::append(uint32_t nowMs) {
  if (upcoming_ - oldest_ == capacity_) oldest_++;
  uint8_t* at = record(upcoming_++);
  putBytes(at, nowMs, kTimeLength);
  return at + kTimeLength;
}

void SampleRing::forgetBelow(uint32_t next) {
  if (next > oldest_ && next <= upcoming_) oldest_ = next;
}

uint32_t SampleRing::takenAtMs(uint32_t number) const { return get32(record(number)); }

} // namespace gateway

// Frames: checking what arrived, and writing what is to be sent.
#pragma once
#include <stdint.h>

#include "protocol.h"

namespace gateway {

// A checked frame; the payload still lies in the buffer that it arrived in.
struct Frame {
  uint8_t type;
  uint8_t seq;
  const uint8_t* payload;
  uint8_t payloadLength;
};

enum FrameVerdict : uint8_t { kGoodFrame, kBadLength, kBadCrc };

// Checks that `bytes` is exactly one frame for `address` and fills in `frame` if it is.
FrameVerdict parseFrame(const uint8_t* bytes, uint8_t count, uint8_t address, Frame& frame);

// Writes one frame into a buffer, field by field. What does not fit is not written, and finish()
// then gives 0.
class FrameWriter {
 public:
  FrameWriter(uint8_t* buffer, uint8_t size, uint8_t type, uint8_t seq);

  void put8(uint8_t value) { put(value, 1); }
  void put16(uint16_t value) { put(value, 2); }
  void put32(uint32_t value) { put(value, 4); }
  void put(uint32_t value, uint8_t byteCount);
  void put(const uint8_t* bytes, uint8_t count);

  // Payload bytes that can still be written.
  uint8_t room() const { return size_ - kCrcLength - length_; }
  // Where the next byte will go; wrote() then says how many were put there.
  uint8_t* position() { return buffer_ + length_; }
  void wrote(uint8_t count) { length_ += count; }

  // Adds length and CRC; gives the length of the whole frame, 0 when it did not fit.
  uint8_t finish(uint8_t address);

 private:
  uint8_t* buffer_;
  uint8_t size_;
  uint8_t length_ = kHeadLength;
  bool overrun_ = false;
};

} // namespace gateway

#include "frame.h"

#include "bytes.h"
#include "crc16.h"

namespace gateway {

static uint16_t frameCrc(const uint8_t* bytes, uint8_t count, uint8_t address) {
  return crcAdd(crcAdd(kCrcStart, address), bytes, count);
}

FrameVerdict parseFrame(const uint8_t* bytes, uint8_t count, uint8_t address, Frame& frame) {
  if (count < kFrameOverhead || bytes[0] != count - 1) return kBadLength;
  const uint8_t checked = count - kCrcLength;
  const uint16_t sent = static_cast<uint16_t>(bytes[checked]) << 8 | bytes[checked + 1];
  if (frameCrc(bytes, checked, address) != sent) return kBadCrc;
  frame.type = bytes[1];
  frame.seq = bytes[2];
  frame.payload = bytes + kHeadLength;
  frame.payloadLength = count - kFrameOverhead;
  return kGoodFrame;
}

FrameWriter::FrameWriter(uint8_t* buffer, uint8_t size, uint8_t type, uint8_t seq)
    : buffer_(buffer), size_(size) {
  buffer_[1] = type;
  buffer_[2] = seq;
}

void FrameWriter::put(uint32_t value, uint8_t byteCount) {
  if (byteCount > room()) {
    overrun_ = true;
    return;
  }
  putBytes(position(), value, byteCount);
  length_ += byteCount;
}

void FrameWriter::put(const uint8_t* bytes, uint8_t count) {
  while (count--) put8(*bytes++);
}

uint8_t FrameWriter::finish(uint8_t address) {
  if (overrun_) return 0;
  buffer_[0] = length_ + kCrcLength - 1;
  const uint16_t crc = frameCrc(buffer_, length_, address);
  buffer_[length_] = crc >> 8;
  buffer_[length_ + 1] = static_cast<uint8_t>(crc);
  return length_ + kCrcLength;
}

} // namespace gateway

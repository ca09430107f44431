#include "cobs.h"

namespace gateway {

void CobsDecoder::restart() {
  fill_ = 0;
  code_ = 0;
  left_ = 0;
  overrun_ = false;
}

void CobsDecoder::append(uint8_t byte) {
  if (fill_ == size_) {
    overrun_ = true;
  } else {
    buffer_[fill_++] = byte;
  }
}

bool CobsDecoder::take(uint8_t byte) {
  if (byte == 0) return end();
  if (left_ > 0) {
    append(byte);
    left_--;
    return false;
  }
  if (code_ != 0 && code_ != 0xFF) append(0); // the zero that the last group stood for
  code_ = byte;
  left_ = byte - 1;
  return false;
}

bool CobsDecoder::end() {
  const bool empty = code_ == 0; // two zeros in a row: one frame's end, the next one's start
  const bool good = !empty && left_ == 0 && !overrun_;
  if (!empty && !good) skipped_++;
  length_ = good ? fill_ : 0;
  restart();
  return good;
}

} // namespace gateway

// COBS: a frame without a zero byte inside, so that zero can mark its ends on a serial line.
//
//   00 | code data ... code data ... | 00      code = 1 + number of data bytes; a zero follows
//                                              each group except the last and those of code FF
#pragma once
#include <stdint.h>

namespace gateway {

// Takes a serial line byte by byte and gives whole frames. What does not decode is skipped up to
// the next zero and counted.
class CobsDecoder {
 public:
  // Decoded bytes go to `buffer`, which must outlive the decoder.
  CobsDecoder(uint8_t* buffer, uint8_t size) : buffer_(buffer), size_(size) { restart(); }

  // True when `byte` ended a frame: its decoded bytes are in the buffer until the next call.
  bool take(uint8_t byte);

  uint8_t length() const { return length_; }
  uint16_t skipped() const { return skipped_; } // broken frames so far

 private:
  void restart();
  void append(uint8_t byte);
  bool end();

  uint8_t* buffer_;
  uint8_t size_;
  uint8_t length_; // decoded bytes, valid when take() was true
  uint8_t fill_;
  uint8_t code_; // code of the group that is being read
  uint8_t left_; // data bytes that this group still needs
  bool overrun_;
  uint16_t skipped_ = 0;
};

// Gives the coded form of `bytes`, both zeros included, to put(uint8_t).
template <typename Put>
void cobsEncode(const uint8_t* bytes, uint8_t count, Put put) {
  put(0);
  uint8_t start = 0;
  for (;;) {
    uint8_t end = start;
    while (end < count && bytes[end] != 0 && end - start < 254) end++;
    const uint8_t run = end - start;
    put(run + 1);
    for (uint8_t i = start; i < end; i++) put(bytes[i]);
    if (end == count) break;
    start = run == 254 ? end : end + 1;
  }
  put(0);
}

} // namespace gateway

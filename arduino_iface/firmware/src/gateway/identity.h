// The identity of a board, stored in EEPROM: a uid generated once, and a count of its starts.
//
//   0   47 57        mark
//   2   uid          8 bytes
//   10  crc u16      of mark and uid
//   12  12 slots     boot u16, crc u16 of it: each start writes the slot after the newest, so that
//                    a cell lasts 12 times 100,000 starts, and power that fails during the write
//                    leaves the last count readable
#pragma once
#include <stdint.h>

#include "protocol.h"

namespace gateway {

// Bytes that survive a reset.
class ByteStore {
 public:
  virtual uint8_t read(uint16_t address) const = 0;
  virtual void write(uint16_t address, uint8_t value) = 0;
};

class Identity {
 public:
  static const uint8_t kStoreLength = 60;

  // True when a uid is stored; load it or make one with create(), then call countStart().
  bool load(const ByteStore& store);
  void create(ByteStore& store, const uint8_t* uid);
  void countStart(ByteStore& store);

  const uint8_t* uid() const { return uid_; }
  uint16_t boot() const { return boot_; } // 1 at the first start

 private:
  uint8_t uid_[kUidLength] = {};
  uint16_t boot_ = 0;
};

} // namespace gateway

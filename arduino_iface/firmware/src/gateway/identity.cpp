#include "identity.h"

#include <string.h>

#include "bytes.h"
#include "crc16.h"

namespace gateway {

static const uint8_t kMark[2] = {0x47, 0x57};
static const uint8_t kUidAt = 2;
static const uint8_t kCrcAt = kUidAt + kUidLength;
static const uint8_t kSlotsAt = kCrcAt + 2;
static const uint8_t kSlots = 12;
static const uint8_t kSlotLength = 4;

static uint16_t uidCrc(const uint8_t* uid) {
  return crcAdd(crcAdd(kCrcStart, kMark, sizeof kMark), uid, kUidLength);
}

static void readBytes(const ByteStore& store, uint16_t at, uint8_t* out, uint8_t count) {
  for (uint8_t i = 0; i < count; i++) out[i] = store.read(at + i);
}

static void writeBytes(ByteStore& store, uint16_t at, const uint8_t* bytes, uint8_t count) {
  for (uint8_t i = 0; i < count; i++) store.write(at + i, bytes[i]);
}

bool Identity::load(const ByteStore& store) {
  uint8_t head[kSlotsAt];
  readBytes(store, 0, head, sizeof head);
  if (memcmp(head, kMark, sizeof kMark) != 0 || uidCrc(head + kUidAt) != get16(head + kCrcAt)) {
    return false;
  }
  memcpy(uid_, head + kUidAt, kUidLength);
  return true;
}

void Identity::create(ByteStore& store, const uint8_t* uid) {
  memcpy(uid_, uid, kUidLength);
  uint8_t crc[2];
  putBytes(crc, uidCrc(uid), sizeof crc);
  writeBytes(store, 0, kMark, sizeof kMark);
  writeBytes(store, kUidAt, uid, kUidLength);
  writeBytes(store, kCrcAt, crc, sizeof crc);
}

void Identity::countStart(ByteStore& store) {
  uint8_t slot[kSlotLength];
  uint8_t newest = kSlots - 1; // with no valid slot the first one is written
  bool found = false;
  for (uint8_t i = 0; i < kSlots; i++) {
    readBytes(store, kSlotsAt + i * kSlotLength, slot, kSlotLength);
    if (crcAdd(kCrcStart, slot, 2) != get16(slot + 2)) continue;
    const uint16_t boot = get16(slot);
    // Compared as a distance, so that the count may pass 65535.
    if (!found || static_cast<int16_t>(boot - boot_) > 0) {
      boot_ = boot;
      newest = i;
      found = true;
    }
  }
  boot_++;
  putBytes(slot, boot_, 2);
  putBytes(slot + 2, crcAdd(kCrcStart, slot, 2), 2);
  const uint8_t next = (newest + 1) % kSlots;
  writeBytes(store, kSlotsAt + next * kSlotLength, slot, kSlotLength);
}

} // namespace gateway

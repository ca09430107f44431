#include "board.h"

#include <Arduino.h>
#include <avr/boot.h>
#include <avr/eeprom.h>
#include <avr/wdt.h>

#include "bytes.h"

extern char __heap_start; // from the linker: the first byte of RAM that no variable owns

// After a watchdog reset the watchdog is still running, at its shortest time. This runs before
// anything else and before RAM is set up, so it may not call or return.
extern "C" void gatewayStopWatchdog() __attribute__((naked, used, section(".init3")));
extern "C" void gatewayStopWatchdog() {
  MCUSR = 0;
  wdt_disable();
}

namespace gateway {

uint8_t Eeprom::read(uint16_t address) const {
  return eeprom_read_byte(reinterpret_cast<const uint8_t*>(base_ + address));
}

void Eeprom::write(uint16_t address, uint8_t value) {
  eeprom_update_byte(reinterpret_cast<uint8_t*>(base_ + address), value);
}

uint16_t Eeprom::defaultBase() { return E2END + 1 - Identity::kStoreLength; }

namespace {

// FNV-1a, two of 32 bits side by side (64-bit products are slow and large on AVR). Not
// cryptographic: it only has to spread what differs between boards over all bits.
struct UidHash {
  uint32_t a = 2166136261UL;
  uint32_t b = 0x9E3779B9UL;

  void add(uint8_t byte) {
    a = (a ^ byte) * 16777619UL;
    b = (b ^ byte ^ (a >> 24)) * 16777619UL;
  }
};

} // namespace

static void hashChip(UidHash& hash) {
#ifdef SIGRD
  for (uint8_t i = 0x0E; i < 0x18; i++) hash.add(boot_signature_byte_get(i));
#endif
  const char* top = reinterpret_cast<const char*>(SP);
  for (const char* p = &__heap_start; p < top; p++) hash.add(*p);
}

static void hashNoise(UidHash& hash) {
  for (uint8_t i = 0; i < 96; i++) {
    const uint16_t value = analogRead(A0 + i % 6);
    hash.add(value);
    hash.add(micros());
  }
}

void makeUid(uint8_t* uid) {
  UidHash hash;
  hashChip(hash);
  hashNoise(hash);
  putBytes(uid, hash.a, 4);
  putBytes(uid + 4, hash.b, 4);
}

void restartBoard() {
  wdt_enable(WDTO_15MS);
  for (;;) {
  }
}

void startWatchdog() { wdt_enable(WDTO_2S); }
void feedWatchdog() { wdt_reset(); }

} // namespace gateway

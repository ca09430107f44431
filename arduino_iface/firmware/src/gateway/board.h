// What the library needs of the microcontroller itself: AVR only.
#pragma once
#include <stdint.h>

#include "identity.h"

namespace gateway {

// Part of the EEPROM, from `base` on.
class Eeprom : public ByteStore {
 public:
  explicit Eeprom(uint16_t base) : base_(base) {}
  uint8_t read(uint16_t address) const override;
  void write(uint16_t address, uint8_t value) override; // an equal byte costs no wear

  // Where the library keeps its bytes unless told otherwise: the end of the EEPROM.
  static uint16_t defaultBase();

 private:
  uint16_t base_;
};

// Eight bytes that no other board has: hashed from what each chip has of its own (memory after
// power-up, serial number where there is one) and from the noise of open analogue inputs. Called
// once in a board's life.
void makeUid(uint8_t* uid);

// Resets through the watchdog; does not return.
void restartBoard();

// Resets the board when feedWatchdog() is not called for 2 s.
void startWatchdog();
void feedWatchdog();

} // namespace gateway

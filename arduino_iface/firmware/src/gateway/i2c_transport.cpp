#include "i2c_transport.h"

#include <Arduino.h>
#include <Wire.h>

#include "core.h"

namespace gateway {

static const uint32_t kDeafLimitMs = 50;
static const uint32_t kWireTimeoutUs = 25000;
static const uint8_t kIdleBeacon[4] = {0x00, 0x47, 0x57, 0x01};
static const uint8_t kBusyBeacon[4] = {0x01, 0x47, 0x57, 0x01};

I2cTransport* I2cTransport::active_ = nullptr;

void I2cTransport::begin(uint8_t address) {
  link.address = address;
  active_ = this;
  Wire.onReceive(onReceive);
  Wire.onRequest(onRequest);
  Wire.begin(address);
#ifdef WIRE_HAS_TIMEOUT
  Wire.setWireTimeout(kWireTimeoutUs, true);
#endif
}

void I2cTransport::onReceive(int) { active_->receive(); }
void I2cTransport::onRequest() { active_->transmit(); }

void I2cTransport::receive() {
  if (!Wire.available()) return; // an address probe: the last reply stays readable
  uint8_t length = 0;
  while (Wire.available()) {
    const uint8_t byte = Wire.read();
    if (length < sizeof mailbox_) mailbox_[length++] = byte;
  }
  mailboxLength_ = length;
  arrivals_++;
  state_ = kBusy;
}

// A Raspberry Pi misses a clock pulse when this hold of SCL ends at an unlucky moment, and it is as long
// each time for the same reply: it is varied by some microseconds, so that reading again helps.
void I2cTransport::transmit() {
  delayMicroseconds(1 + (reads_++ & 3));
  if (state_ == kReady) {
    Wire.write(reply_, link.replyLength);
  } else {
    Wire.write(state_ == kBusy ? kBusyBeacon : kIdleBeacon, sizeof kIdleBeacon);
  }
}

void I2cTransport::run(Core& core, uint32_t nowMs) {
  listenAgainIfDeaf(nowMs);
  if (state_ != kBusy) return;

  uint8_t request[kI2cFrameMax];
  noInterrupts();
  const uint8_t length = mailboxLength_;
  const uint8_t arrival = arrivals_;
  memcpy(request, mailbox_, length);
  interrupts();

  const bool answered = core.answer(link, request, length, nowMs);

  noInterrupts();
  // A request that came in meanwhile is served next; until then the answer is "busy".
  if (arrivals_ == arrival) state_ = answered ? kReady : kIdle;
  interrupts();
}

// A write of more than 33 bytes, by whatever program, makes Wire clear TWEA and never set it
// again: the board would be gone from the bus until a reset. Normal traffic clears the bit for
// less than a byte's time.
void I2cTransport::listenAgainIfDeaf(uint32_t nowMs) {
#ifdef TWEA
  if (TWCR & _BV(TWEA)) {
    deaf_ = false;
  } else if (!deaf_) {
    deaf_ = true;
    deafSinceMs_ = nowMs;
  } else if (nowMs - deafSinceMs_ >= kDeafLimitMs) {
    deaf_ = false;
    Wire.begin(link.address);
  }
#else
  (void)nowMs;
#endif
}

} // namespace gateway

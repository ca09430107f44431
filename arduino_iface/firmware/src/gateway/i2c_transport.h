// The board as I2C slave, on Arduino's Wire.
//
// The interrupt handlers copy bytes and nothing else: a request into the mailbox, a finished reply
// or a beacon out of memory. SCL is held as long as Wire itself holds it, plus some
// microseconds that vary from read to read; that matters on a Raspberry Pi, which misreads a bus
// whose clock is stretched at the wrong moment.
#pragma once
#include "link.h"
#include "transport.h"

namespace gateway {

class I2cTransport : public Transport {
 public:
  I2cTransport() : link(reply_, kI2cFrameMax, kI2cFrameMax) {}

  void begin(uint8_t address);
  void run(Core& core, uint32_t nowMs) override;

  Link link;

 private:
  // What a read gets: the idle beacon, the busy beacon, or the last reply.
  enum State : uint8_t { kIdle, kBusy, kReady };

  static void onReceive(int count);
  static void onRequest();
  void receive();
  void transmit();
  void listenAgainIfDeaf(uint32_t nowMs);

  static I2cTransport* active_; // the one that the interrupt handlers serve

  uint8_t reply_[kI2cFrameMax]; // written only while state_ is not kReady
  uint8_t mailbox_[kI2cFrameMax];
  volatile uint8_t mailboxLength_ = 0;
  volatile uint8_t arrivals_ = 0;
  volatile State state_ = kIdle;
  uint8_t reads_ = 0;
  uint32_t deafSinceMs_ = 0;
  bool deaf_ = false;
};

} // namespace gateway

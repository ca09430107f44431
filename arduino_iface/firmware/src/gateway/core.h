// The board's part of the protocol: samples, answers requests, checks the safe state. It is
// independent of pins, wires and clocks: time comes in as milliseconds, frames as bytes.
// GatewayDevice adds the Arduino around it; on a PC it runs unchanged, under test.
#pragma once
#include <stdint.h>

#include "declarations.h"
#include "frame.h"
#include "identity.h"
#include "link.h"
#include "messages.h"
#include "sample_ring.h"
#include "schema_text.h"
#include "token_memory.h"

namespace gateway {

const uint32_t kIntervalMinMs = 10;
const uint32_t kIntervalMaxMs = 86400000; // a day

class Core {
 public:
  explicit Core(const Declarations& declared) : declarations(declared) {}

  // Checks the declarations and schedules the first sample; `ringRoom` must outlive
  // the board. May be called once for each transport. False: see declarations.error.
  bool begin(uint16_t boot, const uint8_t* uid, const Link& link, uint8_t* ringRoom,
             uint16_t ringLength, uint32_t nowMs);
  bool begun() const { return begun_; }

  // Samples when due, enters the safe state when the gateway has been silent for too long.
  void tick(uint32_t nowMs);

  // Checks a frame and answers it into `link`; false when there is nothing to send.
  bool answer(Link& link, const uint8_t* bytes, uint8_t count, uint32_t nowMs);

  // The unsolicited HELLO reply that a board sends when it starts on a serial line.
  void announce(Link& link, uint32_t nowMs);

  // Ends a command whose handler returned kAccepted; false when it is not running.
  bool finish(uint16_t token, Outcome outcome) { return tokens_.finish(token, outcome); }

  void onSafeState(void (*enter)()) { enterSafeState_ = enter; }
  bool safe() const { return safe_; }
  uint32_t intervalMs() const { return intervalMs_; }
  const SampleRing& ring() const { return ring_; }

  Declarations declarations;

 protected:
  // Built-in commands that need hardware.
  virtual Outcome identify() = 0;
  virtual Outcome restart() = 0;

 private:
  void sample(uint32_t nowMs);
  void mindGateway(uint32_t nowMs);
  ProtocolError reply(const Frame& request, const Link& link, FrameWriter& writer, uint32_t nowMs);
  ProtocolError replyHello(const Frame& request, const Link& link, FrameWriter& writer,
                           uint32_t nowMs);
  ProtocolError replyDescribe(const Frame& request, FrameWriter& writer);
  ProtocolError replyPoll(const Frame& request, FrameWriter& writer, uint32_t nowMs);
  ProtocolError replyCommand(const Frame& request, FrameWriter& writer, uint32_t nowMs);
  void putHello(const Link& link, FrameWriter& writer, uint32_t nowMs);
  Outcome execute(const CommandRequest& request, uint32_t nowMs);
  Outcome executeBuiltIn(const CommandRequest& request, uint32_t nowMs);

  SampleRing ring_;
  TokenMemory tokens_;
  SchemaFacts schema_ = {0, 0};
  void (*enterSafeState_)() = nullptr;
  const uint8_t* uid_ = nullptr;
  uint32_t intervalMs_ = 0;
  uint32_t dueMs_ = 0;
  uint32_t heardMs_ = 0;
  uint16_t boot_ = 0;
  uint8_t sampleLength_ = 0;
  bool begun_ = false;
  bool safe_ = false;
};

} // namespace gateway

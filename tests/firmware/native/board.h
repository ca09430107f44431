// A board on the PC: the library's core with the protocol's example declarations.
#pragma once
#include <vector>

#include "gateway/core.h"

class Board : public gateway::Core {
 public:
  explicit Board(uint32_t keepaliveMs = 30000, uint16_t ringLength = 256);

  // Time passes, a millisecond at a time, as in a sketch's loop().
  void runUntil(uint32_t ms);
  // The reply to `request`, empty when there is none.
  std::vector<uint8_t> ask(const std::vector<uint8_t>& request);
  // The same for a payload; the reply's payload without the frame.
  std::vector<uint8_t> ask(uint8_t type, uint8_t seq, const std::vector<uint8_t>& payload);

  gateway::Link link;
  uint32_t nowMs = 0;
  int identified = 0;
  int restarts = 0;

  // What the sketch's functions did and shall do.
  static int fanCalls;
  static long fanSpeed;
  static int safeCalls;
  static float temperature;
  static gateway::Outcome valveOutcome;

 private:
  gateway::Outcome identify() override;
  gateway::Outcome restart() override;

  gateway::Channel channelRoom_[3];
  gateway::Command commandRoom_[3];
  gateway::ArgumentSpec argumentRoom_[2];
  uint8_t ring_[1024];
  uint8_t reply_[64];
};

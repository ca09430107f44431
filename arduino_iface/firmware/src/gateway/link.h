// The state of one transport: the last request and the reply to it.
#pragma once
#include <stdint.h>

#include "protocol.h"

namespace gateway {

struct Link {
  Link(uint8_t* replyRoom, uint8_t requestLimit, uint8_t replyLimit)
      : reply(replyRoom), requestMax(requestLimit), replyMax(replyLimit) {}

  // A request that was answered already: its reply was lost, or it was read wrongly.
  bool repeats(uint8_t type, uint8_t seq) const {
    return replyLength > 0 && type == lastType && seq == lastSeq;
  }

  uint8_t* reply;           // the last reply, a whole frame
  uint8_t replyLength = 0;  // 0: nothing was asked yet
  uint8_t requestMax;       // whole frames
  uint8_t replyMax;
  uint8_t address = 0;      // 7-bit I2C address, 0 on serial
  uint8_t lastType = 0;
  uint8_t lastSeq = 0;
  uint16_t refused = 0;     // frames that were damaged or not for this board
};

} // namespace gateway

// The board on a serial line: COBS frames between zero bytes, among the prints of the sketch.
#pragma once
#include <Stream.h>

#include "cobs.h"
#include "link.h"
#include "transport.h"

namespace gateway {

class SerialTransport : public Transport {
 public:
  SerialTransport()
      : link(reply_, kSerialFrameMax, kSerialFrameMax), decoder_(request_, sizeof request_) {}

  void begin(Stream& stream) { stream_ = &stream; }
  void run(Core& core, uint32_t nowMs) override;

  Link link;

 private:
  void send();

  Stream* stream_ = nullptr;
  uint8_t request_[kSerialFrameMax];
  uint8_t reply_[kSerialFrameMax];
  CobsDecoder decoder_;
  bool announced_ = false;
};

} // namespace gateway

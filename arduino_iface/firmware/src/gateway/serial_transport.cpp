#include "serial_transport.h"

#include "core.h"

namespace gateway {

static const uint8_t kBytesPerRun = 64; // the loop goes on however much arrives

void SerialTransport::send() {
  Stream& stream = *stream_;
  cobsEncode(link.reply, link.replyLength, [&stream](uint8_t byte) { stream.write(byte); });
}

void SerialTransport::run(Core& core, uint32_t nowMs) {
  if (!announced_) {
    announced_ = true;
    core.announce(link, nowMs);
    send();
  }
  for (uint8_t i = 0; i < kBytesPerRun && stream_->available() > 0; i++) {
    if (!decoder_.take(stream_->read())) continue;
    if (core.answer(link, request_, decoder_.length(), nowMs)) send();
    return; // one request a turn: another transport may be waiting
  }
}

} // namespace gateway

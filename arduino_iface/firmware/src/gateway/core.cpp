#include "core.h"

namespace gateway {

bool Core::begin(uint16_t boot, const uint8_t* uid, const Link& link, uint8_t* ringRoom,
                 uint16_t ringLength, uint32_t nowMs) {
  if (declarations.check(link.requestMax, link.replyMax) != kDeclarationsGood) return false;
  if (begun_) return true; // the second transport of one board
  sampleLength_ = declarations.sampleLength();
  ring_.begin(ringRoom, ringLength, sampleLength_);
  if (ring_.capacity() == 0) {
    declarations.fail(kRingTooSmall);
    return false;
  }
  schema_ = measureSchema(declarations);
  boot_ = boot;
  uid_ = uid;
  intervalMs_ = declarations.intervalMs;
  dueMs_ = nowMs;
  heardMs_ = nowMs;
  begun_ = true;
  return true;
}

void Core::tick(uint32_t nowMs) {
  if (!begun_) return;
  if (declarations.channelCount > 0 && static_cast<int32_t>(nowMs - dueMs_) >= 0) sample(nowMs);
  mindGateway(nowMs);
}

void Core::sample(uint32_t nowMs) {
  uint8_t* at = ring_.append(nowMs);
  for (uint8_t i = 0; i < declarations.channelCount; i++) {
    const Channel& channel = declarations.channels[i];
    channel.reader.readInto(channel.type, channel.scale, channel.offset, at);
    at += valueSize(channel.type);
  }
  dueMs_ += intervalMs_;
  // A loop that was held up does not catch up with a burst of equal samples.
  if (static_cast<int32_t>(nowMs - dueMs_) >= 0) dueMs_ = nowMs + intervalMs_;
}

void Core::mindGateway(uint32_t nowMs) {
  const uint32_t limitMs = declarations.keepaliveMs;
  if (limitMs == 0 || safe_ || nowMs - heardMs_ < limitMs) return;
  safe_ = true;
  if (enterSafeState_) enterSafeState_();
}

bool Core::answer(Link& link, const uint8_t* bytes, uint8_t count, uint32_t nowMs) {
  Frame request;
  if (count > link.requestMax || parseFrame(bytes, count, link.address, request) != kGoodFrame) {
    link.refused++;
    return false;
  }
  if (request.type & kReplyBit) return false; // the echo of an own reply
  heardMs_ = nowMs;
  if (request.type != kHello && link.repeats(request.type, request.seq)) return true;

  FrameWriter writer(link.reply, link.replyMax, request.type | kReplyBit, request.seq);
  const ProtocolError error = reply(request, link, writer, nowMs);
  if (error == kNoError) {
    link.replyLength = writer.finish(link.address);
  } else {
    FrameWriter refusal(link.reply, link.replyMax, kError | kReplyBit, request.seq);
    refusal.put8(error);
    link.replyLength = refusal.finish(link.address);
  }
  link.lastType = request.type;
  link.lastSeq = request.seq;
  return true;
}

void Core::announce(Link& link, uint32_t nowMs) {
  FrameWriter writer(link.reply, link.replyMax, kHello | kReplyBit, 0);
  putHello(link, writer, nowMs);
  link.replyLength = writer.finish(link.address);
  link.lastType = kHello;
  link.lastSeq = 0;
}

} // namespace gateway

#include "messages.h"

#include "bytes.h"

namespace gateway {

bool parseHello(const Frame& request, uint8_t& version) {
  if (request.payloadLength != 1) return false;
  version = request.payload[0];
  return true;
}

bool parseDescribe(const Frame& request, uint16_t& offset) {
  if (request.payloadLength != 2) return false;
  offset = get16(request.payload);
  return true;
}

bool parsePoll(const Frame& request, PollRequest& poll) {
  if (request.payloadLength != 6 && request.payloadLength != 8) return false;
  poll.boot = get16(request.payload);
  poll.next = get32(request.payload + 2);
  poll.skip = request.payloadLength == 8 ? get16(request.payload + 6) : 0;
  return true;
}

bool parseCommand(const Frame& request, CommandRequest& command) {
  if (request.payloadLength < 3) return false;
  command.token = get16(request.payload);
  command.code = request.payload[2];
  command.packed = request.payload + 3;
  command.packedLength = request.payloadLength - 3;
  return true;
}

void putHelloReply(FrameWriter& writer, const HelloReply& reply) {
  writer.put8(kVersion);
  writer.put(reply.uid, kUidLength);
  writer.put16(reply.boot);
  writer.put16(reply.schemaCrc);
  writer.put16(reply.schemaLength);
  writer.put8(reply.requestMax);
  writer.put8(reply.replyMax);
  writer.put8(reply.flags);
  writer.put32(reply.uptimeMs);
}

void putPollReplyHead(FrameWriter& writer, const PollReplyHead& head) {
  writer.put16(head.boot);
  writer.put8(head.flags);
  writer.put32(head.first);
  writer.put8(head.count);
}

void putCommandReply(FrameWriter& writer, uint16_t token, Outcome outcome) {
  writer.put16(token);
  writer.put8(outcome);
}

} // namespace gateway

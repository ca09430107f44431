// The requests of the protocol, one function each.
#include "bytes.h"
#include "core.h"

namespace gateway {

ProtocolError Core::reply(const Frame& request, const Link& link, FrameWriter& writer,
                          uint32_t nowMs) {
  switch (request.type) {
    case kHello:
      return replyHello(request, link, writer, nowMs);
    case kDescribe:
      return replyDescribe(request, writer);
    case kPoll:
      return replyPoll(request, writer, nowMs);
    case kCommand:
      return replyCommand(request, writer, nowMs);
    default:
      return kUnknownType;
  }
}

ProtocolError Core::replyHello(const Frame& request, const Link& link, FrameWriter& writer,
                               uint32_t nowMs) {
  uint8_t version;
  if (!parseHello(request, version)) return kMalformedPayload;
  if (version != kVersion) return kVersionNotSpoken;
  putHello(link, writer, nowMs);
  return kNoError;
}

void Core::putHello(const Link& link, FrameWriter& writer, uint32_t nowMs) {
  HelloReply hello;
  hello.uid = uid_;
  hello.boot = boot_;
  hello.schemaCrc = schema_.crc;
  hello.schemaLength = schema_.length;
  hello.requestMax = link.requestMax;
  hello.replyMax = link.replyMax;
  hello.flags = kHelloWindowedPoll | (safe_ ? kHelloSafe : 0);
  hello.uptimeMs = nowMs;
  putHelloReply(writer, hello);
}

ProtocolError Core::replyDescribe(const Frame& request, FrameWriter& writer) {
  uint16_t offset;
  if (!parseDescribe(request, offset)) return kMalformedPayload;
  writer.put16(offset);
  writer.wrote(readSchema(declarations, offset, writer.position(), writer.room()));
  return kNoError;
}

ProtocolError Core::replyPoll(const Frame& request, FrameWriter& writer, uint32_t nowMs) {
  PollRequest poll;
  if (!parsePoll(request, poll)) return kMalformedPayload;

  uint32_t first = ring_.oldest();
  // Numbers of another boot, or not yet taken, must not make it forget samples.
  if (poll.boot == boot_ && poll.next <= ring_.upcoming()) {
    ring_.forgetBelow(poll.next);
    first = ring_.oldest();
    const uint32_t wanted = poll.next + poll.skip;
    if (wanted > first) first = wanted < ring_.upcoming() ? wanted : ring_.upcoming();
  }
  const uint32_t waiting = ring_.upcoming() - first;
  const uint8_t most = (writer.room() - kPollHeadLength) / (kAgeLength + sampleLength_);
  PollReplyHead head;
  head.boot = boot_;
  head.count = waiting < most ? waiting : most;
  head.flags = (waiting > head.count ? kPollMore : 0) | (safe_ ? kPollSafe : 0);
  head.first = first;
  putPollReplyHead(writer, head);
  for (uint8_t i = 0; i < head.count; i++) {
    const uint32_t age = nowMs - ring_.takenAtMs(first + i);
    writer.put(age < kAgeMax ? age : kAgeMax, kAgeLength);
    writer.put(ring_.values(first + i), sampleLength_);
  }
  return kNoError;
}

ProtocolError Core::replyCommand(const Frame& request, FrameWriter& writer, uint32_t nowMs) {
  CommandRequest command;
  if (!parseCommand(request, command)) return kMalformedPayload;
  Outcome outcome;
  if (!tokens_.find(command.token, outcome)) {
    if (tokens_.canStart()) {
      outcome = execute(command, nowMs);
      tokens_.remember(command.token, outcome);
    } else {
      outcome = kRefused; // not remembered: the same token may succeed later
    }
  }
  putCommandReply(writer, command.token, outcome);
  return kNoError;
}

Outcome Core::execute(const CommandRequest& request, uint32_t nowMs) {
  if (request.code >= kSetInterval) return executeBuiltIn(request, nowMs);
  if (request.code >= declarations.commandCount) return kUnknownCommand;
  const Command& command = declarations.commands[request.code];
  const Arguments arguments(declarations.argumentsOf(command), command.argumentCount,
                            request.packed, request.token);
  if (!arguments.valid(request.packedLength)) return kBadArgument;
  safe_ = false; // the gateway is in control again
  return command.handler.run(arguments);
}

Outcome Core::executeBuiltIn(const CommandRequest& request, uint32_t nowMs) {
  if (request.packedLength != (request.code == kSetInterval ? 4 : 0)) return kBadArgument;
  if (request.code == kIdentify) return identify();
  if (request.code == kRestart) return restart();
  const uint32_t intervalMs = get32(request.packed);
  if (intervalMs < kIntervalMinMs || intervalMs > kIntervalMaxMs) return kBadArgument;
  intervalMs_ = intervalMs;
  dueMs_ = nowMs + intervalMs;
  return kDone;
}

} // namespace gateway

// The payloads of protocol version 1 as structures.
#pragma once
#include <stdint.h>

#include "frame.h"

namespace gateway {

struct HelloReply {
  const uint8_t* uid;
  uint16_t boot;
  uint16_t schemaCrc;
  uint16_t schemaLength;
  uint8_t requestMax;
  uint8_t replyMax;
  uint8_t flags;
  uint32_t uptimeMs;
};

struct PollRequest {
  uint16_t boot;
  uint32_t next; // lowest number that the gateway has not stored durably
  uint16_t skip; // samples from next on that it has received already (windowed form)
};

struct PollReplyHead {
  uint16_t boot;
  uint8_t flags;
  uint32_t first;
  uint8_t count;
};

struct CommandRequest {
  uint16_t token;
  uint8_t code;
  const uint8_t* packed; // the arguments
  uint8_t packedLength;
};

// Each parser gives false when the payload has not the right length.
bool parseHello(const Frame& request, uint8_t& version);
bool parseDescribe(const Frame& request, uint16_t& offset);
bool parsePoll(const Frame& request, PollRequest& poll); // with and without skip
bool parseCommand(const Frame& request, CommandRequest& command);

void putHelloReply(FrameWriter& writer, const HelloReply& reply);
void putPollReplyHead(FrameWriter& writer, const PollReplyHead& head);
void putCommandReply(FrameWriter& writer, uint16_t token, Outcome outcome);

} // namespace gateway

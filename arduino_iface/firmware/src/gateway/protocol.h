// The numbers of the device protocol, version 1. Integers on the wire are little-endian, the CRC
// is not.
//
//   LEN u8 | TYPE u8 | SEQ u8 | PAYLOAD ... | CRC u16 high byte first
//
// LEN counts the bytes after itself. The CRC covers one address byte that is not sent (the 7-bit
// I2C address, 0 on serial) and the frame up to the CRC, so that a frame which reaches the wrong
// board is refused.
#pragma once
#include <stdint.h>

namespace gateway {

const uint8_t kVersion = 1;

const uint8_t kI2cFrameMax = 32;    // the buffer of the AVR Wire library
const uint8_t kSerialFrameMax = 64; // limited by RAM; the protocol allows 250
const uint8_t kHeadLength = 3;      // LEN, TYPE, SEQ
const uint8_t kCrcLength = 2;
const uint8_t kFrameOverhead = kHeadLength + kCrcLength;

enum FrameType : uint8_t {
  kHello = 0x01,
  kDescribe = 0x02,
  kPoll = 0x03,
  kCommand = 0x04,
  kError = 0x7F, // a reply only
};
const uint8_t kReplyBit = 0x80;

enum ProtocolError : uint8_t {
  kNoError = 0,
  kUnknownType = 1,
  kMalformedPayload = 2,
  kVersionNotSpoken = 3,
};

// How a command ended; what a command handler returns.
enum Outcome : uint8_t {
  kDone = 0,
  kAccepted = 1,       // still running; GatewayDevice::finish() tells the end
  kUnknownCommand = 2, // given by the library only
  kBadArgument = 3,
  kRefused = 4,
  kFailed = 5,
};

enum BuiltInCommand : uint8_t {
  kSetInterval = 0xFD,
  kRestart = 0xFE,
  kIdentify = 0xFF,
};

enum HelloFlag : uint8_t { kHelloSafe = 1, kHelloWindowedPoll = 2 };
enum PollFlag : uint8_t { kPollMore = 1, kPollSafe = 2 };

const uint8_t kUidLength = 8;
const uint8_t kPollHeadLength = 8; // boot, flags, first, count
const uint8_t kAgeLength = 3;
const uint32_t kAgeMax = 0xFFFFFF;

} // namespace gateway

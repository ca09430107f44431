// CRC, COBS, frames and messages against the golden frames.
#include <cstdlib>
#include <cstring>

#include "check.h"
#include "gateway/bytes.h"
#include "gateway/cobs.h"
#include "gateway/crc16.h"
#include "gateway/messages.h"
#include "vectors.h"

using namespace gateway;

typedef std::vector<uint8_t> Bytes;

static std::string hexOf(const Bytes& bytes) { return hex(bytes.data(), bytes.size()); }

static Bytes encoded(const Bytes& plain) {
  Bytes out;
  cobsEncode(plain.data(), plain.size(), [&out](uint8_t byte) { out.push_back(byte); });
  return out;
}

// Everything that a decoder makes of a line.
static std::vector<Bytes> decoded(const Bytes& line, CobsDecoder& decoder, const uint8_t* buffer) {
  std::vector<Bytes> out;
  for (uint8_t byte : line) {
    if (decoder.take(byte)) out.push_back(Bytes(buffer, buffer + decoder.length()));
  }
  return out;
}

TEST(crc_of_golden_bytes) {
  for (const Json& item : vectors()["crc"].items()) {
    const Bytes data = item["data"].bytes();
    const uint16_t crc = crcAdd(kCrcStart, data.data(), data.size());
    const uint8_t high_first[2] = {static_cast<uint8_t>(crc >> 8), static_cast<uint8_t>(crc)};
    CHECK_SAME(hex(high_first, 2), item["crc"].text());
  }
}

TEST(cobs_both_ways) {
  uint8_t buffer[255];
  CobsDecoder decoder(buffer, sizeof buffer);
  for (const Json& item : vectors()["cobs"].items()) {
    const Bytes line = encoded(item["plain"].bytes());
    CHECK_SAME(hexOf(line), "00" + item["coded"].text() + "00");
    const std::vector<Bytes> frames = decoded(line, decoder, buffer);
    CHECK_SAME(frames.size(), size_t{1});
    if (!frames.empty()) CHECK_SAME(hexOf(frames[0]), item["plain"].text());
  }
  CHECK_SAME(decoder.skipped(), 0);
}

TEST(cobs_damage_is_skipped_and_the_next_frame_is_read) {
  uint8_t buffer[64];
  CobsDecoder decoder(buffer, sizeof buffer);
  int expected = 0;
  for (const Json& item : vectors()["cobs_damaged"].items()) {
    Bytes line = item["coded"].bytes();
    line.push_back(0);
    CHECK(decoded(line, decoder, buffer).empty());
    CHECK_SAME(int{decoder.skipped()}, ++expected);
    CHECK_SAME(decoded(encoded({1, 0, 2}), decoder, buffer).size(), size_t{1});
  }
}

TEST(cobs_longer_than_the_buffer_is_skipped) {
  uint8_t buffer[16];
  CobsDecoder decoder(buffer, sizeof buffer);
  CHECK(decoded(encoded(Bytes(17, 1)), decoder, buffer).empty());
  CHECK(decoded(encoded(Bytes(17, 0)), decoder, buffer).empty());
  CHECK_SAME(decoder.skipped(), 2);
  CHECK_SAME(decoded(encoded(Bytes(16, 0)), decoder, buffer).size(), size_t{1});
}

TEST(cobs_of_random_bytes) {
  uint8_t buffer[250];
  CobsDecoder decoder(buffer, sizeof buffer);
  srand(1);
  for (int i = 0; i < 20000; i++) {
    Bytes plain(1 + rand() % sizeof buffer);
    for (uint8_t& byte : plain) byte = rand() % 4 ? rand() : 0;
    const std::vector<Bytes> frames = decoded(encoded(plain), decoder, buffer);
    CHECK(frames.size() == 1 && frames[0] == plain);
  }
}

TEST(golden_frames_are_read) {
  for (const Json& item : vectors()["frames"].items()) {
    const Bytes bytes = item["frame"].bytes();
    Frame frame;
    CHECK(parseFrame(bytes.data(), bytes.size(), item["address"].number(), frame) == kGoodFrame);
    CHECK_SAME(int{frame.type}, int(item["type"].number()));
    CHECK_SAME(int{frame.seq}, int(item["seq"].number()));
    CHECK_SAME(hex(frame.payload, frame.payloadLength), item["payload"].text());
    if (item.has("wire")) CHECK_SAME(hexOf(encoded(bytes)), item["wire"].text());
  }
}

TEST(golden_frames_are_written) {
  for (const Json& item : vectors()["frames"].items()) {
    const Bytes payload = item["payload"].bytes();
    uint8_t buffer[250];
    FrameWriter writer(buffer, sizeof buffer, item["type"].number(), item["seq"].number());
    writer.put(payload.data(), payload.size());
    const uint8_t length = writer.finish(item["address"].number());
    CHECK_SAME(hex(buffer, length), item["frame"].text());
  }
}

TEST(damaged_frames_are_refused) {
  for (const Json& item : vectors()["damaged"].items()) {
    const Bytes bytes = item["bytes"].bytes();
    Frame frame;
    CHECK(parseFrame(bytes.data(), bytes.size(), item["address"].number(), frame) != kGoodFrame);
  }
}

// Up to three wrong bits anywhere, or any burst of up to 16 bits: the CRC catches them all.
TEST(corrupted_frames_are_never_accepted) {
  srand(2);
  long accepted = 0;
  for (int i = 0; i < 400000; i++) {
    const std::vector<Json>& frames = vectors()["frames"].items();
    const Json& item = frames[rand() % frames.size()];
    static std::map<const Json*, Bytes> cache;
    Bytes& good = cache[&item];
    if (good.empty()) good = item["frame"].bytes();
    Bytes bytes = good;
    const int bits = bytes.size() * 8;
    if (i % 2) {
      const int start = rand() % bits;
      const uint16_t pattern = rand() % 0xFFFF + 1;
      for (int k = 0; k < 16; k++) {
        const int bit = start + k;
        if (bit < bits && (pattern >> (15 - k) & 1)) bytes[bit / 8] ^= 0x80 >> bit % 8;
      }
    } else {
      for (int k = rand() % 3; k >= 0; k--) {
        const int bit = rand() % bits;
        bytes[bit / 8] ^= 0x80 >> bit % 8;
      }
    }
    if (bytes == good) continue; // two flips of one bit
    Frame frame;
    const uint8_t address = item["address"].number();
    accepted += parseFrame(bytes.data(), bytes.size(), address, frame) == kGoodFrame;
  }
  CHECK_SAME(accepted, 0L);
}

TEST(a_frame_that_does_not_fit_is_not_written) {
  uint8_t buffer[12];
  FrameWriter writer(buffer, 8, kPoll, 1);
  writer.put16(1);
  writer.put16(2);
  CHECK_SAME(int{writer.finish(0)}, 0);
}

static bool readRequest(const Frame& frame, const Json& message) {
  const std::string& kind = message["kind"].text();
  if (kind == "hello_request") {
    uint8_t version = 0;
    return parseHello(frame, version) && version == message["version"].number();
  }
  if (kind == "describe_request") {
    uint16_t offset = 0;
    return parseDescribe(frame, offset) && offset == message["offset"].number();
  }
  if (kind == "poll_request") {
    PollRequest poll;
    const long long skip = message.has("skip") ? message["skip"].number() : 0;
    return parsePoll(frame, poll) && poll.boot == message["boot"].number() &&
           poll.next == message["next"].number() && poll.skip == skip;
  }
  CommandRequest command;
  return parseCommand(frame, command) && command.token == message["token"].number() &&
         command.code == message["code"].number() &&
         hex(command.packed, command.packedLength) == message["packed"].text();
}

static void putPoll(FrameWriter& writer, const Json& message) {
  PollReplyHead head;
  head.boot = message["boot"].number();
  head.flags = message["flags"].number();
  head.first = message["first"].number();
  head.count = message["samples"].items().size();
  putPollReplyHead(writer, head);
  for (const Json& sample : message["samples"].items()) {
    const Bytes packed = sample["packed"].bytes();
    writer.put(sample["age_ms"].number(), kAgeLength);
    writer.put(packed.data(), packed.size());
  }
}

static void putReply(FrameWriter& writer, const Json& message) {
  const std::string& kind = message["kind"].text();
  if (kind == "hello_reply") {
    const Bytes uid = message["uid"].bytes();
    HelloReply hello;
    hello.uid = uid.data();
    hello.boot = message["boot"].number();
    hello.schemaCrc = message["schema_crc"].number();
    hello.schemaLength = message["schema_length"].number();
    hello.requestMax = message["max_request"].number();
    hello.replyMax = message["max_reply"].number();
    hello.flags = message["flags"].number();
    hello.uptimeMs = message["uptime_ms"].number();
    putHelloReply(writer, hello);
  } else if (kind == "describe_reply") {
    const std::string& text = message["text"].text();
    writer.put16(message["offset"].number());
    writer.put(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  } else if (kind == "poll_reply") {
    putPoll(writer, message);
  } else if (kind == "command_reply") {
    putCommandReply(writer, message["token"].number(), Outcome(message["status"].number()));
  } else {
    writer.put8(message["error"].number());
  }
}

TEST(golden_messages) {
  for (const Json& item : vectors()["frames"].items()) {
    if (!item.has("message")) continue;
    const Json& message = item["message"];
    const Bytes bytes = item["frame"].bytes();
    Frame frame;
    parseFrame(bytes.data(), bytes.size(), item["address"].number(), frame);
    if (message["kind"].text().find("request") != std::string::npos) {
      CHECK(readRequest(frame, message));
    } else {
      uint8_t buffer[250];
      FrameWriter writer(buffer, sizeof buffer, item["type"].number(), item["seq"].number());
      putReply(writer, message);
      const uint8_t length = writer.finish(item["address"].number());
      CHECK_SAME(hex(buffer, length), item["frame"].text());
    }
  }
}

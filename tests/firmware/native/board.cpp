#include "board.h"

#include "check.h"

using namespace gateway;

int Board::fanCalls;
long Board::fanSpeed;
int Board::safeCalls;
float Board::temperature;
Outcome Board::valveOutcome;

static const uint8_t kUid[8] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};

static float readTemperature() { return Board::temperature; }
static double readHumidity() { return 45; }
static bool readDoor() { return false; }

static void setFan(long speed) {
  Board::fanCalls++;
  Board::fanSpeed = speed;
}
static Outcome setValve(long) { return Board::valveOutcome; }
static void resetCounter() {}
static void enterSafeState() { Board::safeCalls++; }

Board::Board(uint32_t keepaliveMs, uint16_t ringLength)
    : Core(Declarations("greenhouse", channelRoom_, 3, commandRoom_, 3, argumentRoom_, 2)),
      link(reply_, 32, 32) {
  fanCalls = safeCalls = 0;
  fanSpeed = -1;
  temperature = 21.5f;
  valveOutcome = kRefused;
  link.address = 0x12;
  declarations.firmware = "1.4.0";
  declarations.keepaliveMs = keepaliveMs;
  onSafeState(enterSafeState);
  declarations.addChannel("temperature", "Cel", kI16, 0.01f, readTemperature);
  declarations.addChannel("humidity", "%RH", kU8, 0.5f, readHumidity);
  declarations.addChannel("door", "-", kBool, 1, readDoor);
  declarations.addCommand("fan", setFan);
  ArgumentSpec* speed = declarations.addArgument(0, "speed", kU8);
  speed->bounded = true;
  speed->lowest = 0;
  speed->highest = 255;
  declarations.addCommand("valve", setValve);
  declarations.addArgument(1, "open", kBool);
  declarations.addCommand("reset_counter", resetCounter);
  CHECK(begin(5, kUid, link, ring_, ringLength, 0));
  tick(0);
}

void Board::runUntil(uint32_t ms) {
  while (nowMs != ms) tick(++nowMs);
}

std::vector<uint8_t> Board::ask(const std::vector<uint8_t>& request) {
  if (!answer(link, request.data(), request.size(), nowMs)) return {};
  return std::vector<uint8_t>(link.reply, link.reply + link.replyLength);
}

std::vector<uint8_t> Board::ask(uint8_t type, uint8_t seq, const std::vector<uint8_t>& payload) {
  uint8_t buffer[64];
  FrameWriter writer(buffer, sizeof buffer, type, seq);
  writer.put(payload.data(), payload.size());
  const uint8_t length = writer.finish(link.address);
  std::vector<uint8_t> reply = ask(std::vector<uint8_t>(buffer, buffer + length));
  if (reply.size() < 5 || reply[1] != (type | kReplyBit)) return {};
  return std::vector<uint8_t>(reply.begin() + 3, reply.end() - 2);
}

Outcome Board::identify() {
  identified++;
  return kDone;
}

Outcome Board::restart() {
  restarts++;
  return kDone;
}

// The whole board in conversation: the golden exchanges, and what they do not show.
#include "board.h"
#include "check.h"
#include "gateway/bytes.h"
#include "vectors.h"

using namespace gateway;

typedef std::vector<uint8_t> Bytes;

static std::string hexOf(const Bytes& bytes) { return hex(bytes.data(), bytes.size()); }

TEST(golden_schema) {
  Board board;
  const std::string& expected = vectors()["board"]["schema"].text();
  const SchemaFacts facts = measureSchema(board.declarations);
  CHECK_SAME(facts.length, expected.size());
  CHECK_SAME(int{facts.crc}, int(vectors()["board"]["schema_crc"].number()));
  for (uint8_t piece : {1, 7, 22, 200, 255}) {
    std::string text;
    uint8_t buffer[255];
    while (uint8_t n = readSchema(board.declarations, text.size(), buffer, piece)) {
      text.append(buffer, buffer + n);
    }
    CHECK_SAME(text, expected);
  }
}

TEST(golden_exchanges) {
  Board board;
  for (const Json& item : vectors()["board"]["exchanges"].items()) {
    board.runUntil(item["at_ms"].number());
    const std::string reply = hexOf(board.ask(item["request"].bytes()));
    if (reply != item["reply"].text()) {
      report(__FILE__, __LINE__, item["name"].text() + ": " + reply);
    }
  }
  CHECK_SAME(Board::fanCalls, 1);
  CHECK_SAME(Board::fanSpeed, 128L);
  CHECK_SAME(Board::safeCalls, 1);
}

static Bytes command(uint16_t token, uint8_t code, Bytes packed = {}) {
  Bytes payload = {uint8_t(token), uint8_t(token >> 8), code};
  payload.insert(payload.end(), packed.begin(), packed.end());
  return payload;
}

TEST(the_last_four_tokens_are_answered_and_not_executed) {
  Board board;
  uint8_t seq = 0;
  for (uint16_t token = 1; token <= 4; token++) board.ask(kCommand, ++seq, command(token, 0, {9}));
  CHECK_SAME(Board::fanCalls, 4);
  for (uint16_t token = 1; token <= 4; token++) {
    CHECK_SAME(hexOf(board.ask(kCommand, ++seq, command(token, 0, {9}))),
               "0" + std::to_string(token) + "0000");
  }
  CHECK_SAME(Board::fanCalls, 4);
}

TEST(a_running_command_is_remembered_until_it_ends) {
  Board board;
  uint8_t seq = 0;
  Board::valveOutcome = kAccepted;
  CHECK_SAME(hexOf(board.ask(kCommand, ++seq, command(100, 1, {1}))), "640001");
  for (uint16_t token = 1; token <= 20; token++) board.ask(kCommand, ++seq, command(token, 0, {9}));
  CHECK_SAME(hexOf(board.ask(kCommand, ++seq, command(100, 1, {1}))), "640001");
  CHECK(board.finish(100, kFailed));
  CHECK(!board.finish(100, kDone));
  CHECK_SAME(hexOf(board.ask(kCommand, ++seq, command(100, 1, {1}))), "640005");
}

TEST(a_third_running_command_is_refused_and_may_come_again) {
  Board board;
  uint8_t seq = 0;
  Board::valveOutcome = kAccepted;
  board.ask(kCommand, ++seq, command(1, 1, {1}));
  board.ask(kCommand, ++seq, command(2, 1, {1}));
  CHECK_SAME(hexOf(board.ask(kCommand, ++seq, command(3, 1, {1}))), "030004");
  CHECK(board.finish(1, kDone));
  CHECK_SAME(hexOf(board.ask(kCommand, ++seq, command(3, 1, {1}))), "030001");
}

TEST(overwritten_samples_show_as_a_gap) {
  Board board(0, 80); // room for ten samples of four bytes
  board.runUntil(24500);
  const Bytes reply = board.ask(kPoll, 1, {5, 0, 1, 0, 0, 0});
  CHECK_SAME(get32(reply.data() + 3), 16u); // 25 were taken, 16 to 25 are held
  CHECK_SAME(int{reply[7]}, 2);
}

TEST(an_age_that_is_too_long_stays_at_its_highest) {
  Board board(0, 256);
  board.ask(kCommand, 1, command(1, kSetInterval, {0x00, 0x5C, 0x26, 0x05})); // a day
  board.nowMs = 20000000;                                                    // 5.5 h later
  const Bytes reply = board.ask(kPoll, 2, {5, 0, 1, 0, 0, 0});
  CHECK_SAME(hex(reply.data() + 8, 3), "ffffff");
}

TEST(a_late_loop_takes_one_sample_and_no_burst) {
  Board board(0);
  board.nowMs = 7300;
  board.tick(7300);
  board.tick(7301);
  CHECK_SAME(board.ring().upcoming(), 3u);
  board.runUntil(8300);
  CHECK_SAME(board.ring().upcoming(), 4u);
}

TEST(time_may_wrap_around) {
  Board board(30000);
  board.ask(kCommand, 1, command(1, kSetInterval, {0x00, 0x5C, 0x26, 0x05}));
  board.nowMs = 0xFFFFFFF0u;
  board.tick(board.nowMs);
  board.ask(kCommand, 2, command(2, kSetInterval, {100, 0, 0, 0}));
  board.ask(kCommand, 3, command(3, 0, {1})); // ends the safe state of that long silence
  const uint32_t before = board.ring().upcoming();
  board.runUntil(1000);
  CHECK_SAME(board.ring().upcoming() - before, 10u);
  CHECK(!board.safe());
}

TEST(safe_state_is_entered_once_and_left_by_a_command) {
  Board board(500);
  board.runUntil(2000);
  CHECK_SAME(Board::safeCalls, 1);
  board.ask(kPoll, 1, {5, 0, 1, 0, 0, 0});
  CHECK(board.safe());
  board.runUntil(3000);
  CHECK_SAME(Board::safeCalls, 1);
  board.ask(kCommand, 2, command(1, kIdentify)); // not a command of the sketch
  CHECK(board.safe());
  board.ask(kCommand, 3, command(2, 0, {1}));
  CHECK(!board.safe());
  board.runUntil(4000);
  CHECK_SAME(Board::safeCalls, 2);
}

TEST(damaged_frames_do_not_keep_a_board_alive) {
  Board board(500);
  for (uint32_t ms = 100; ms <= 1000; ms += 100) {
    board.runUntil(ms);
    CHECK(board.ask(Bytes{5, 1, 1, 1, 0, 0}).empty());
  }
  CHECK(board.safe());
  CHECK_SAME(int{board.link.refused}, 10);
}

TEST(built_in_commands) {
  Board board;
  CHECK_SAME(hexOf(board.ask(kCommand, 1, command(1, kIdentify))), "010000");
  CHECK_SAME(hexOf(board.ask(kCommand, 2, command(2, kRestart))), "020000");
  CHECK_SAME(hexOf(board.ask(kCommand, 3, command(3, kRestart, {1}))), "030003");
  CHECK_SAME(board.identified, 1);
  CHECK_SAME(board.restarts, 1);
}

TEST(a_request_longer_than_the_link_takes_is_refused) {
  Board board;
  uint8_t buffer[64];
  FrameWriter writer(buffer, sizeof buffer, kHello, 1);
  for (int i = 0; i < 28; i++) writer.put8(1);
  const uint8_t length = writer.finish(0x12);
  CHECK(board.ask(Bytes(buffer, buffer + length)).empty());
}

TEST(no_garbage_is_ever_answered_wrongly_or_breaks_the_board) {
  Board board;
  srand(3);
  for (int i = 0; i < 200000; i++) {
    Bytes bytes(rand() % 33);
    for (uint8_t& byte : bytes) byte = rand();
    board.ask(bytes);
    CHECK(board.link.replyLength <= 32);
  }
  CHECK_SAME(hexOf(board.ask(kCommand, 77, command(9999, 0, {7}))), "0f2700");
}

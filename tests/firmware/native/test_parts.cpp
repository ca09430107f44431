// The small parts: values, decimal text, ring, identity, declarations.
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "check.h"
#include "gateway/decimal.h"
#include "gateway/declarations.h"
#include "gateway/identity.h"
#include "gateway/sample_ring.h"
#include "json.h"

using namespace gateway;

static std::string real(ValueType type, float value) {
  uint8_t bytes[4];
  packReal(type, value, bytes);
  return hex(bytes, valueSize(type));
}

static std::string integer(ValueType type, int32_t value) {
  uint8_t bytes[4];
  packSigned(type, value, bytes);
  return hex(bytes, valueSize(type));
}

TEST(values_are_packed) {
  CHECK_SAME(real(kI16, 2150.4f), "6608");
  CHECK_SAME(real(kI16, -0.6f), "ffff");
  CHECK_SAME(real(kU8, 254.4f), "fe");
  CHECK_SAME(real(kU32, 4294967040.0f), "00ffffff");
  CHECK_SAME(real(kI32, -2147483520.0f), "80000080");
  CHECK_SAME(real(kF32, 1.5f), "0000c03f");
  CHECK_SAME(real(kBool, 2.0f), "01");
  CHECK_SAME(integer(kI32, 2147483647), "ffffff7f");
  CHECK_SAME(integer(kBool, -5), "01");
  CHECK_SAME(integer(kF32, -2), "000000c0");
  uint8_t bytes[4];
  packUnsigned(kU32, 0xFFFFFFFE, bytes);
  CHECK_SAME(hex(bytes, 4), "feffffff");
}

TEST(what_a_type_cannot_hold_is_missing) {
  const char* missing[] = {"ff", "80", "ffff", "0080", "ffffffff", "00000080", "0000c07f", "ff"};
  for (int type = kU8; type <= kBool; type++) {
    const ValueType t = static_cast<ValueType>(type);
    CHECK_SAME(real(t, NAN), missing[type]);
    CHECK_SAME(integer(t, kMissing), missing[type]);
    if (t != kF32) CHECK_SAME(real(t, INFINITY), missing[type]);
    if (t != kF32 && t != kBool) CHECK_SAME(real(t, 5e9f), missing[type]);
  }
  CHECK_SAME(integer(kU8, 255), "ff");
  CHECK_SAME(integer(kU8, 256), "ff");
  CHECK_SAME(integer(kU8, -1), "ff");
  CHECK_SAME(integer(kI8, -128), "80");
  CHECK_SAME(integer(kI8, 128), "80");
  CHECK_SAME(integer(kI16, 32768), "0080");
  CHECK_SAME(integer(kU16, 65536), "ffff");
  CHECK_SAME(integer(kU32, -1), "ffffffff");
  uint8_t bytes[4];
  packUnsigned(kI32, 0x80000000, bytes);
  CHECK_SAME(hex(bytes, 4), "00000080");
}

static std::string text(float value) {
  char out[kRealMax];
  return std::string(out, formatReal(value, out));
}

TEST(decimal_text_of_chosen_numbers) {
  CHECK_SAME(text(0.01f), "0.01");
  CHECK_SAME(text(0), "0");
  CHECK_SAME(text(1), "1");
  CHECK_SAME(text(-40), "-40");
  CHECK_SAME(text(0.5f), "0.5");
  CHECK_SAME(text(100000), "100000");
  CHECK_SAME(text(999999), "999999");
  CHECK_SAME(text(1e6f), "1e+06");
  CHECK_SAME(text(0.0001f), "0.0001");
  CHECK_SAME(text(1.5e-7f), "1.5e-07");
  CHECK_SAME(text(5.0f / 1024), "0.00488281");
  CHECK_SAME(text(0.1f), "0.1");
  CHECK_SAME(text(273.15f), "273.15");
  CHECK_SAME(text(3.4e38f), "3.4e+38");
  CHECK_SAME(text(1e-38f), "1e-38");
}

TEST(decimal_text_agrees_with_printf) {
  srand(4);
  for (int i = 0; i < 100000; i++) {
    const int digits = rand() % 999999 + 1;
    const float value = static_cast<float>(digits * pow(10, rand() % 16 - 10));
    char expected[32];
    snprintf(expected, sizeof expected, "%.6g", static_cast<double>(value));
    const std::string actual = text(value);
    CHECK(std::fabs(strtod(actual.c_str(), nullptr) / strtod(expected, nullptr) - 1) < 1.5e-6);
    CHECK(actual.size() <= kRealMax);
  }
  for (int hundredths = 1; hundredths < 100000; hundredths++) { // what people write
    char expected[32];
    snprintf(expected, sizeof expected, "%g", hundredths / 100.0);
    CHECK_SAME(text(hundredths / 100.0f), std::string(expected));
  }
}

TEST(ring_forgets_only_what_is_acknowledged_or_overwritten) {
  uint8_t room[60];
  SampleRing ring;
  ring.begin(room, sizeof room, 2);
  CHECK_SAME(int{ring.capacity()}, 10);
  for (uint32_t i = 1; i <= 25; i++) {
    uint8_t* at = ring.append(i * 100);
    at[0] = i;
    at[1] = ~i;
  }
  CHECK_SAME(ring.oldest(), 16u);
  CHECK_SAME(ring.upcoming(), 26u);
  for (uint32_t i = 16; i <= 25; i++) {
    CHECK(ring.values(i)[0] == i && ring.takenAtMs(i) == i * 100);
  }
  ring.forgetBelow(10);
  CHECK_SAME(ring.oldest(), 16u);
  ring.forgetBelow(27);
  CHECK_SAME(ring.oldest(), 16u);
  ring.forgetBelow(26);
  CHECK_SAME(ring.oldest(), 26u);
  CHECK(!ring.holds(25));
}

class Memory : public ByteStore {
 public:
  Memory() { memset(cells, 0xFF, sizeof cells); }
  uint8_t read(uint16_t address) const override { return cells[address]; }
  void write(uint16_t address, uint8_t value) override {
    if (budget == 0) return; // power has failed
    if (budget > 0) budget--;
    if (cells[address] != value) wear[address]++;
    cells[address] = value;
  }
  uint8_t cells[Identity::kStoreLength];
  long wear[Identity::kStoreLength] = {};
  int budget = -1;
};

static const uint8_t kUid[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static uint16_t start(Memory& memory) {
  Identity identity;
  if (!identity.load(memory)) identity.create(memory, kUid);
  CHECK(memcmp(identity.uid(), kUid, 8) == 0);
  identity.countStart(memory);
  return identity.boot();
}

TEST(starts_are_counted_past_65535_and_wear_is_shared) {
  Memory memory;
  for (long i = 1; i <= 70000; i++) CHECK_SAME(start(memory), static_cast<uint16_t>(i));
  long worst = 0;
  for (long cell : memory.wear) worst = cell > worst ? cell : worst;
  CHECK(worst <= 70000 / 12 + 1);
}

TEST(power_may_fail_at_any_byte_of_a_start) {
  for (int budget = 0; budget < 5; budget++) {
    Memory memory;
    for (int i = 1; i <= 300; i++) start(memory);
    memory.budget = budget;
    start(memory);
    memory.budget = -1;
    const uint16_t next = start(memory);
    CHECK_SAME(int{next}, budget < 4 ? 301 : 302);
    CHECK_SAME(int{start(memory)}, next + 1);
  }
}

TEST(a_damaged_uid_is_not_used) {
  Memory memory;
  start(memory);
  memory.cells[5] ^= 1;
  Identity identity;
  CHECK(!identity.load(memory));
}

static float zero() { return 0; }
static void withLong(long) {}
static void plain() {}

struct Declared {
  Declared() : it("node", channels, 2, commands, 2, arguments, 2) {}
  Channel channels[2];
  Command commands[2];
  ArgumentSpec arguments[2];
  Declarations it;
};

static int errorOf(std::function<void(Declarations&)> declare, uint8_t frameMax = 32) {
  Declared declared;
  declare(declared.it);
  return declared.it.check(frameMax, frameMax);
}

TEST(mistakes_in_a_sketch_are_found) {
  CHECK_SAME(errorOf([](Declarations&) {}), int{kDeclarationsGood});
  CHECK_SAME(errorOf([](Declarations& d) { d.name = "Node"; }), int{kBadName});
  CHECK_SAME(errorOf([](Declarations& d) { d.name = "a23456789012345678901234"; }), 0);
  CHECK_SAME(errorOf([](Declarations& d) { d.name = "a234567890123456789012345"; }), int{kBadName});
  CHECK_SAME(errorOf([](Declarations& d) { d.firmware = "1 2"; }), int{kBadName});
  CHECK_SAME(errorOf([](Declarations& d) { d.addChannel("a", "", kI16, 1, zero); }), int{kBadUnit});
  CHECK_SAME(errorOf([](Declarations& d) { d.addChannel("a", "-", kI16, 0, zero); }),
             int{kBadScale});
  CHECK_SAME(errorOf([](Declarations& d) { d.addChannel("a", "-", kI16, 1, Reader()); }),
             int{kNoFunction});
  CHECK_SAME(errorOf([](Declarations& d) {
               d.addChannel("a", "-", kI16, 1, zero);
               d.addChannel("a", "-", kI16, 1, zero);
             }),
             int{kSameNameTwice});
  CHECK_SAME(errorOf([](Declarations& d) {
               for (int i = 0; i < 3; i++) d.addChannel("a", "-", kI16, 1, zero);
             }),
             int{kTooManyChannels});
  CHECK_SAME(errorOf([](Declarations& d) { d.addCommand("a", withLong); }), int{kNoFunction});
  CHECK_SAME(errorOf([](Declarations& d) {
               d.addCommand("a", plain);
               d.addCommand("b", plain);
               d.addArgument(0, "x", kU8);
             }),
             int{kArgumentTooLate});
  CHECK_SAME(errorOf([](Declarations& d) {
               d.addCommand("a", plain);
               for (const char* name : {"x", "y", "z"}) d.addArgument(0, name, kU8);
             }),
             int{kTooManyArguments});
  CHECK_SAME(errorOf([](Declarations& d) { d.addChannel("a", "-", kI32, 1, zero); }, 19),
             int{kSampleTooLong});
  CHECK_SAME(errorOf([](Declarations& d) { d.addChannel("a", "-", kI32, 1, zero); }, 20), 0);
}

TEST(argument_types_follow_their_bounds) {
  CHECK_SAME(int{typeForRange(0, 255)}, int{kU8});
  CHECK_SAME(int{typeForRange(0, 256)}, int{kU16});
  CHECK_SAME(int{typeForRange(0, 65536)}, int{kU32});
  CHECK_SAME(int{typeForRange(-128, 127)}, int{kI8});
  CHECK_SAME(int{typeForRange(-129, 0)}, int{kI16});
  CHECK_SAME(int{typeForRange(-1, 40000)}, int{kI32});
}

TEST(arguments_outside_their_bounds_are_refused) {
  const ArgumentSpec specs[] = {
      {"a", kI16, true, -5, 5}, {"b", kF32, true, 0, 1}, {"c", kU32, true, 0, 9}};
  struct Case {
    int16_t a;
    float b;
    uint32_t c;
    bool good;
  };
  const Case cases[] = {{-5, 0, 9, true},   {5, 1, 0, true},         {-6, 0, 0, false},
                        {6, 0, 0, false},   {0, 1.01f, 0, false},    {0, -0.01f, 0, false},
                        {0, NAN, 0, false}, {0, INFINITY, 0, false}, {0, 0, 0xFFFFFFFF, false},
                        {0, 0, 10, false}};
  for (const Case& item : cases) {
    uint8_t packed[10];
    memcpy(packed, &item.a, 2);
    memcpy(packed + 2, &item.b, 4);
    memcpy(packed + 6, &item.c, 4);
    const Arguments arguments(specs, 3, packed, 1);
    CHECK_SAME(arguments.valid(10), item.good);
    CHECK(!arguments.valid(9) && !arguments.valid(11));
    CHECK_SAME(arguments.integer(0), int32_t{item.a});
    CHECK(arguments.real(1) == item.b || std::isnan(item.b));
    CHECK_SAME(arguments.unsignedInteger(2), item.c);
    CHECK_SAME(arguments.integer(3), 0);
  }
}

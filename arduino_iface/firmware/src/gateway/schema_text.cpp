#include "schema_text.h"

#include "crc16.h"
#include "decimal.h"

#ifndef PROGMEM // on AVR text.h has brought it; a PC has one kind of memory only
#define PROGMEM
#endif

namespace gateway {

static const char kTypeNames[][5] PROGMEM = {"u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool"};
static const char kOpening[] PROGMEM = "gw 1\nname ";
static const char kFirmware[] PROGMEM = "\nfirmware ";
static const char kSample[] PROGMEM = "\nsample ";
static const char kKeepalive[] PROGMEM = "\nkeepalive ";
static const char kChannel[] PROGMEM = "channel ";
static const char kCommandWord[] PROGMEM = "command ";

static Text inFlash(const char* chars) {
  return Text(reinterpret_cast<const __FlashStringHelper*>(chars));
}

namespace {

// Receives the text character by character, keeps the part asked for and measures the whole.
class SchemaWriter {
 public:
  SchemaWriter(uint16_t from, uint8_t* out, uint8_t count)
      : out_(out), from_(from), count_(count) {}

  void put(char c) {
    if (position_ >= from_ && kept_ < count_) out_[kept_++] = c;
    if (count_ == 0) crc_ = crcAdd(crc_, c);
    position_++;
  }
  void put(const Text& text) {
    for (uint8_t i = 0; text.at(i) != 0; i++) put(text.at(i));
  }
  void put(const char* flash) { put(inFlash(flash)); }
  void putDigits(uint32_t value) {
    char digits[kDigitsMax];
    put(digits, formatDigits(value, digits));
  }
  void putInteger(int32_t value) {
    if (value < 0) put('-');
    putDigits(value < 0 ? 0 - static_cast<uint32_t>(value) : value);
  }
  void putReal(float value) {
    char digits[kRealMax];
    put(digits, formatReal(value, digits));
  }

  uint8_t kept() const { return kept_; }
  SchemaFacts facts() const { return {position_, crc_}; }

 private:
  void put(const char* chars, uint8_t count) {
    while (count--) put(*chars++);
  }

  uint8_t* out_;
  uint16_t from_;
  uint16_t position_ = 0;
  uint16_t crc_ = kCrcStart;
  uint8_t count_;
  uint8_t kept_ = 0;
};

} // namespace

static void writeChannel(SchemaWriter& writer, const Channel& channel) {
  writer.put(kChannel);
  writer.put(channel.name);
  writer.put(' ');
  writer.put(kTypeNames[channel.type]);
  writer.put(' ');
  writer.put(channel.unit);
  writer.put(' ');
  writer.putReal(channel.scale);
  writer.put(' ');
  writer.putReal(channel.offset);
  writer.put('\n');
}

static void writeArgument(SchemaWriter& writer, const ArgumentSpec& argument) {
  writer.put(' ');
  writer.put(argument.name);
  writer.put(':');
  writer.put(kTypeNames[argument.type]);
  if (!argument.bounded) return;
  writer.put(':');
  writer.putInteger(argument.lowest);
  writer.put(':');
  writer.putInteger(argument.highest);
}

static void writeSchema(SchemaWriter& writer, const Declarations& declarations) {
  writer.put(kOpening);
  writer.put(declarations.name);
  writer.put(kFirmware);
  writer.put(declarations.firmware);
  writer.put(kSample);
  writer.putDigits(declarations.intervalMs);
  writer.put(kKeepalive);
  writer.putDigits(declarations.keepaliveMs);
  writer.put('\n');
  for (uint8_t i = 0; i < declarations.channelCount; i++) {
    writeChannel(writer, declarations.channels[i]);
  }
  for (uint8_t i = 0; i < declarations.commandCount; i++) {
    const Command& command = declarations.commands[i];
    writer.put(kCommandWord);
    writer.put(command.name);
    for (uint8_t j = 0; j < command.argumentCount; j++) {
      writeArgument(writer, declarations.argumentsOf(command)[j]);
    }
    writer.put('\n');
  }
}

SchemaFacts measureSchema(const Declarations& declarations) {
  SchemaWriter writer(0, nullptr, 0);
  writeSchema(writer, declarations);
  return writer.facts();
}

uint8_t readSchema(const Declarations& declarations, uint16_t offset, uint8_t* out,
                   uint8_t count) {
  SchemaWriter writer(offset, out, count);
  writeSchema(writer, declarations);
  return writer.kept();
}

} // namespace gateway

// The declarations of a sketch, made before it goes on the bus: name, channels, commands. Held in
// arrays that the sketch's device object brings along; nothing is allocated.
#pragma once
#include <stdint.h>

#include "arguments.h"
#include "handler.h"
#include "reader.h"
#include "text.h"

namespace gateway {

struct Channel {
  Text name;
  Text unit;
  ValueType type;
  Reader reader;
  float scale;
  float offset;
};

struct Command {
  Text name;
  Handler handler;
  uint8_t firstArgument;
  uint8_t argumentCount;
};

// Why a board refuses to start. Each is a mistake in the sketch.
enum DeclarationError : uint8_t {
  kDeclarationsGood = 0,
  kTooManyChannels,
  kTooManyCommands,
  kTooManyArguments,
  kBadName,
  kSameNameTwice,
  kBadUnit,
  kBadScale,
  kBadRange,
  kNoFunction,        // a null pointer as reader or handler, or a handler without its argument
  kArgumentTooLate,   // argument() must follow its own command() at once
  kSampleTooLong,     // the values do not fit one reply of this transport
  kArgumentsTooLong,  // the arguments do not fit one request
  kDeclaredAfterBegin,
  kRingTooSmall,      // not even one sample fits the memory given
};

struct Declarations {
  Declarations(Text deviceName, Channel* channelRoom, uint8_t channelMax, Command* commandRoom,
               uint8_t commandMax, ArgumentSpec* argumentRoom, uint8_t argumentMax)
      : name(deviceName),
        firmware("0"),
        channels(channelRoom),
        commands(commandRoom),
        arguments(argumentRoom),
        channelMax(channelMax),
        commandMax(commandMax),
        argumentMax(argumentMax) {}

  // Each gives the new entry, or null and remembers the error.
  Channel* addChannel(Text name, Text unit, ValueType type, float scale, Reader reader);
  Command* addCommand(Text name, Handler handler);
  ArgumentSpec* addArgument(uint8_t commandIndex, Text name, ValueType type);

  void fail(DeclarationError why) {
    if (error == kDeclarationsGood) error = why;
  }

  // Looks for mistakes that only show when everything has been declared.
  DeclarationError check(uint8_t requestMax, uint8_t replyMax);

  uint8_t sampleLength() const; // packed bytes of one sample's values, at most 255
  const ArgumentSpec* argumentsOf(const Command& command) const {
    return arguments + command.firstArgument;
  }

  Text name;
  Text firmware;
  uint32_t intervalMs = 1000;
  uint32_t keepaliveMs = 0;
  Channel* channels;
  Command* commands;
  ArgumentSpec* arguments;
  uint8_t channelCount = 0;
  uint8_t commandCount = 0;
  uint8_t argumentCount = 0;
  uint8_t channelMax;
  uint8_t commandMax;
  uint8_t argumentMax;
  DeclarationError error = kDeclarationsGood;

 private:
  void checkChannels();
  void checkCommands();
  void checkArguments(const Command& command, uint8_t requestMax);
};

} // namespace gateway

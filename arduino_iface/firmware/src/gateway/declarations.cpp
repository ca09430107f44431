#include "declarations.h"

#include <math.h>

namespace gateway {

Channel* Declarations::addChannel(Text name, Text unit, ValueType type, float scale,
                                  Reader reader) {
  if (channelCount == channelMax) {
    fail(kTooManyChannels);
    return nullptr;
  }
  Channel& channel = channels[channelCount++];
  channel.name = name;
  channel.unit = unit;
  channel.type = type;
  channel.reader = reader;
  channel.scale = scale;
  channel.offset = 0;
  return &channel;
}

Command* Declarations::addCommand(Text name, Handler handler) {
  if (commandCount == commandMax) {
    fail(kTooManyCommands);
    return nullptr;
  }
  Command& command = commands[commandCount++];
  command.name = name;
  command.handler = handler;
  command.firstArgument = argumentCount;
  command.argumentCount = 0;
  return &command;
}

// Arguments of one command lie side by side, so only the last command can still get one.
ArgumentSpec* Declarations::addArgument(uint8_t commandIndex, Text name, ValueType type) {
  if (commandIndex + 1 != commandCount) {
    fail(kArgumentTooLate);
    return nullptr;
  }
  if (argumentCount == argumentMax) {
    fail(kTooManyArguments);
    return nullptr;
  }
  commands[commandIndex].argumentCount++;
  ArgumentSpec& argument = arguments[argumentCount++];
  argument.name = name;
  argument.type = type;
  argument.bounded = false;
  return &argument;
}

uint8_t Declarations::sampleLength() const {
  uint16_t length = 0;
  for (uint8_t i = 0; i < channelCount; i++) length += valueSize(channels[i].type);
  return length < 0xFF ? length : 0xFF;
}

void Declarations::checkChannels() {
  for (uint8_t i = 0; i < channelCount; i++) {
    const Channel& channel = channels[i];
    if (!channel.name.isName()) fail(kBadName);
    if (!channel.unit.isWord()) fail(kBadUnit);
    if (!channel.reader.exists()) fail(kNoFunction);
    if (!isfinite(channel.scale) || channel.scale == 0 || !isfinite(channel.offset)) {
      fail(kBadScale);
    }
    for (uint8_t j = 0; j < i; j++) {
      if (channel.name.sameAs(channels[j].name)) fail(kSameNameTwice);
    }
  }
}

void Declarations::checkArguments(const Command& command, uint8_t requestMax) {
  const ArgumentSpec* specs = argumentsOf(command);
  uint16_t length = kFrameOverhead + 3; // token and code come first
  for (uint8_t i = 0; i < command.argumentCount; i++) {
    if (!specs[i].name.isName()) fail(kBadName);
    if (specs[i].bounded && specs[i].lowest > specs[i].highest) fail(kBadRange);
    length += valueSize(specs[i].type);
    for (uint8_t j = 0; j < i; j++) {
      if (specs[i].name.sameAs(specs[j].name)) fail(kSameNameTwice);
    }
  }
  if (length > requestMax) fail(kArgumentsTooLong);
  if (command.handler.needsInteger() && (command.argumentCount == 0 || specs[0].type == kF32)) {
    fail(kNoFunction);
  }
}

void Declarations::checkCommands() {
  for (uint8_t i = 0; i < commandCount; i++) {
    if (!commands[i].name.isName()) fail(kBadName);
    if (!commands[i].handler.exists()) fail(kNoFunction);
    for (uint8_t j = 0; j < i; j++) {
      if (commands[i].name.sameAs(commands[j].name)) fail(kSameNameTwice);
    }
  }
}

DeclarationError Declarations::check(uint8_t requestMax, uint8_t replyMax) {
  if (!name.isName()) fail(kBadName);
  if (!firmware.isWord()) fail(kBadName);
  checkChannels();
  checkCommands();
  for (uint8_t i = 0; i < commandCount; i++) checkArguments(commands[i], requestMax);
  if (kFrameOverhead + kPollHeadLength + kAgeLength + sampleLength() > replyMax) {
    fail(kSampleTooLong);
  }
  return error;
}

} // namespace gateway

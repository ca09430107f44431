// GatewayDevice: an Arduino that the gateway finds and polls without configuration.
//
//   GatewayDevice device("greenhouse");
//   device.channel(F("temperature"), F("Cel"), 0.01, readTemperature);
//   device.command(F("fan"), setFan).argument(F("speed"), 0, 255);
//   device.safeState(30000, allOff);
//   device.beginI2C(0x12);                    // or device.beginSerial(Serial, 115200)
//   ... loop(): device.run();
//
// Declare everything in setup(), then begin; from then on call run() in every pass of loop() and
// do not block. Texts may be given as "..." (in RAM) or F("...") (in flash). No memory is
// allocated. One device a board.
#pragma once
#include <Arduino.h>

#include "gateway/board.h"
#include "gateway/core.h"
#include "gateway/indicator.h"
#include "gateway/transport.h"

// The device without its memory; see GatewayDeviceOf below.
class GatewayDeviceBase : private gateway::Core {
 public:
  // Refines the channel that was just declared.
  class ChannelOptions {
   public:
    explicit ChannelOptions(gateway::Channel* channel) : channel_(channel) {}
    // value = raw * scale + offset
    ChannelOptions& offset(float offset);

   private:
    gateway::Channel* channel_;
  };

  // Adds arguments to the command that was just declared, in order.
  class CommandOptions {
   public:
    CommandOptions(gateway::Declarations& declarations, uint8_t index)
        : declarations_(declarations), index_(index) {}
    // An integer from `lowest` to `highest`, sent as the smallest type that holds both.
    CommandOptions& argument(gateway::Text name, int32_t lowest, int32_t highest);
    CommandOptions& argument(gateway::Text name, gateway::ValueType type);
    CommandOptions& argument(gateway::Text name, gateway::ValueType type, int32_t lowest,
                             int32_t highest);

   private:
    gateway::Declarations& declarations_;
    uint8_t index_;
  };

  // The sketch's own version, shown by the gateway (default "0").
  void firmware(gateway::Text version) { declarations.firmware = version; }

  // Sampling interval, 10 ms to a day (default 1000 ms); the gateway may change it until the next
  // restart.
  void sampleEvery(uint32_t intervalMs);

  // A quantity that `read` gives in `unit` (a SenML unit, "-" for none). It is sent as an i16 in
  // steps of `scale`; with scale 0 as a float. A reader that returns bool makes a bool channel.
  ChannelOptions channel(gateway::Text name, gateway::Text unit, float scale,
                         gateway::Reader read);
  ChannelOptions channel(gateway::Text name, gateway::Text unit, gateway::ValueType type,
                         float scale, gateway::Reader read);

  // A command. `handle` must not block; see kAccepted for work that takes long.
  CommandOptions command(gateway::Text name, gateway::Handler handle);

  // Ends a command whose handler returned kAccepted. False when no such command is running.
  bool finish(uint16_t token, gateway::Outcome outcome) { return Core::finish(token, outcome); }

  // Calls `enter` once when no valid frame has come for `keepaliveMs`. The board then reports its
  // safe state until the gateway sends a command.
  void safeState(uint32_t keepaliveMs, void (*enter)());
  bool inSafeState() const { return safe(); }

  // The lamp for "identify" (default LED_BUILTIN); gateway::kNoPin for none.
  void indicator(uint8_t pin) { indicator_.usePin(pin); }

  // Address of the library's 60 bytes of EEPROM (default: the last 60).
  void storeAt(uint16_t eepromAddress) { storeAt_ = eepromAddress; }

  // Resets the board when run() has not been called for 2 s. Call it last in setup(). Not with the
  // boot loader of an old Nano, which hangs after such a reset.
  void watchdog();

  // Each returns false when a declaration is invalid; the lamp then flickers, and error() has the
  // reason.
  bool beginI2C(uint8_t address); // 0x08 to 0x77
  template <typename Port> // HardwareSerial, or the USB port of a Leonardo
  bool beginSerial(Port& port, uint32_t baudRate) {
    port.begin(baudRate);
    return beginStream(port);
  }
  bool beginStream(Stream& stream); // any other stream, already begun
  gateway::DeclarationError error() const { return declarations.error; }

  // Samples, answers requests, checks the safe state. Call it in every pass of loop().
  void run();

 protected:
  GatewayDeviceBase(const gateway::Declarations& declared, uint8_t* ringRoom, uint16_t ringLength);

 private:
  bool begin(const gateway::Link& link);
  void add(gateway::Transport& transport);
  bool declarable();
  gateway::Outcome identify() override;
  gateway::Outcome restart() override;

  gateway::Identity identity_;
  gateway::Indicator indicator_;
  gateway::Transport* transports_ = nullptr;
  uint8_t* ringRoom_;
  uint16_t ringLength_;
  uint16_t storeAt_;
  uint32_t restartAtMs_ = 0;
  bool restarting_ = false;
  bool watched_ = false;
};

// A device with room for the given numbers of channels, commands and arguments, and of bytes of
// samples that wait for the gateway (each takes 4 bytes and its values).
template <uint8_t kChannels, uint8_t kCommands, uint8_t kArguments, uint16_t kRingBytes>
class GatewayDeviceOf : public GatewayDeviceBase {
 public:
  explicit GatewayDeviceOf(gateway::Text name)
      : GatewayDeviceBase(gateway::Declarations(name, channels_, kChannels, commands_, kCommands,
                                                arguments_, kArguments),
                          ring_, kRingBytes) {}

 private:
  gateway::Channel channels_[kChannels];
  gateway::Command commands_[kCommands];
  gateway::ArgumentSpec arguments_[kArguments];
  uint8_t ring_[kRingBytes];
};

// Room for most boards: 0.7 KB of an Uno's 2 KB, transport included.
typedef GatewayDeviceOf<8, 6, 6, 256> GatewayDevice;

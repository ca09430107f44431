#include "GatewayDevice.h"

#include "gateway/i2c_transport.h"
#include "gateway/serial_transport.h"

using namespace gateway;

// Long enough for the gateway to fetch the reply to "restart", retries included.
static const uint32_t kRestartDelayMs = 250;

GatewayDeviceBase::GatewayDeviceBase(const Declarations& declared, uint8_t* ringRoom,
                                     uint16_t ringLength)
    : Core(declared),
      indicator_(LED_BUILTIN),
      ringRoom_(ringRoom),
      ringLength_(ringLength),
      storeAt_(Eeprom::defaultBase()) {}

// ---- declarations ---------------------------------------------------------------------------

bool GatewayDeviceBase::declarable() {
  if (begun()) declarations.fail(kDeclaredAfterBegin);
  return !begun();
}

void GatewayDeviceBase::sampleEvery(uint32_t intervalMs) {
  if (!declarable()) return;
  if (intervalMs < kIntervalMinMs || intervalMs > kIntervalMaxMs) declarations.fail(kBadRange);
  declarations.intervalMs = intervalMs;
}

GatewayDeviceBase::ChannelOptions GatewayDeviceBase::channel(Text name, Text unit, float scale,
                                                             Reader read) {
  const ValueType type = read.isBool() ? kBool : scale == 0 ? kF32 : kI16;
  return channel(name, unit, type, scale == 0 ? 1 : scale, read);
}

GatewayDeviceBase::ChannelOptions GatewayDeviceBase::channel(Text name, Text unit, ValueType type,
                                                             float scale, Reader read) {
  if (!declarable()) return ChannelOptions(nullptr);
  return ChannelOptions(declarations.addChannel(name, unit, type, scale, read));
}

GatewayDeviceBase::ChannelOptions& GatewayDeviceBase::ChannelOptions::offset(float offset) {
  if (channel_) channel_->offset = offset;
  return *this;
}

GatewayDeviceBase::CommandOptions GatewayDeviceBase::command(Text name, Handler handle) {
  if (declarable()) declarations.addCommand(name, handle);
  return CommandOptions(declarations, declarations.commandCount - 1);
}

GatewayDeviceBase::CommandOptions& GatewayDeviceBase::CommandOptions::argument(Text name,
                                                                               int32_t lowest,
                                                                               int32_t highest) {
  return argument(name, typeForRange(lowest, highest), lowest, highest);
}

GatewayDeviceBase::CommandOptions& GatewayDeviceBase::CommandOptions::argument(Text name,
                                                                               ValueType type) {
  declarations_.addArgument(index_, name, type);
  return *this;
}

GatewayDeviceBase::CommandOptions& GatewayDeviceBase::CommandOptions::argument(Text name,
                                                                               ValueType type,
                                                                               int32_t lowest,
                                                                               int32_t highest) {
  ArgumentSpec* spec = declarations_.addArgument(index_, name, type);
  if (spec) {
    spec->bounded = true;
    spec->lowest = lowest;
    spec->highest = highest;
  }
  return *this;
}

void GatewayDeviceBase::safeState(uint32_t keepaliveMs, void (*enter)()) {
  if (!declarable()) return;
  declarations.keepaliveMs = keepaliveMs;
  onSafeState(enter);
}

// ---- start ----------------------------------------------------------------------------------

bool GatewayDeviceBase::begin(const Link& link) {
  if (!begun()) {
    Eeprom store(storeAt_);
    if (!identity_.load(store)) {
      uint8_t uid[kUidLength];
      makeUid(uid);
      identity_.create(store, uid);
    }
    identity_.countStart(store);
  }
  return Core::begin(identity_.boot(), identity_.uid(), link, ringRoom_, ringLength_, millis());
}

void GatewayDeviceBase::add(Transport& transport) {
  if (transport.started) return;
  transport.started = true;
  transport.next = transports_;
  transports_ = &transport;
}

bool GatewayDeviceBase::beginI2C(uint8_t address) {
  static I2cTransport transport;
  if (address < 0x08 || address > 0x77) declarations.fail(kBadRange);
  if (!begin(transport.link)) return false;
  transport.begin(address);
  add(transport);
  return true;
}

bool GatewayDeviceBase::beginStream(Stream& stream) {
  static SerialTransport transport;
  if (!begin(transport.link)) return false;
  transport.begin(stream);
  add(transport);
  return true;
}

void GatewayDeviceBase::watchdog() {
  watched_ = true;
  startWatchdog();
}

// ---- work -----------------------------------------------------------------------------------

void GatewayDeviceBase::run() {
  if (watched_) feedWatchdog();
  tick(millis());
  for (Transport* transport = transports_; transport; transport = transport->next) {
    transport->run(*this, millis());
  }
  // Each step reads the time again: a time stored by one step must not lie ahead of the next one's.
  indicator_.run(millis(), error() != kDeclarationsGood);
  if (restarting_ && static_cast<int32_t>(millis() - restartAtMs_) >= 0) restartBoard();
}

Outcome GatewayDeviceBase::identify() {
  if (!indicator_.exists()) return kRefused;
  indicator_.identify(millis());
  return kDone;
}

Outcome GatewayDeviceBase::restart() {
  restarting_ = true;
  restartAtMs_ = millis() + kRestartDelayMs;
  return kDone;
}

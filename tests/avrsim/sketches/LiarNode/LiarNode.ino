// A board whose numbers cannot be, in frames with a right checksum: for some seconds it counts on from
// 2^31 or 2^32 - 1, then from where it was.
#include <Arduino.h>
#define private public // the library does not lie by itself
#include <GatewayDevice.h>
#undef private

const uint32_t kLieMs = 3000;

GatewayDeviceOf<1, 1, 1, 160> device("liar");

uint32_t lieSinceMs = 0;
uint32_t trueNumber = 0;

gateway::SampleRing& ring() { return device.gateway::Core::ring_; }
void countFrom(uint32_t number) { ring().oldest_ = ring().upcoming_ = number; }

int readLight() { return 42; }

void lie(long highest) {
  trueNumber = ring().upcoming();
  lieSinceMs = millis();
  countFrom(highest ? 0xFFFFFFFF : 0x80000000);
}

void setup() {
  device.sampleEvery(50);
  device.channel(F("light"), F("-"), gateway::kU16, 1, readLight);
  device.command(F("lie"), lie).argument(F("highest"), gateway::kBool);
  device.beginI2C(0x12);
  device.beginSerial(Serial, 115200);
}

void loop() {
  device.run();
  if (trueNumber && millis() - lieSinceMs >= kLieMs) {
    countFrom(trueNumber);
    trueNumber = 0;
  }
}

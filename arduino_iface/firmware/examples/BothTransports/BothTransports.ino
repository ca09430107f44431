// One board, reachable over I2C and over USB. Only for one gateway at a time: the board forgets
// samples that a gateway has stored, on either wire.
#include <GatewayDevice.h>

// Room for four channels, two commands and two arguments; 512 bytes of samples.
GatewayDeviceOf<4, 2, 2, 512> device("two_wires");

uint32_t pulses = 0;
bool wasHigh = false;

float readLevel() { return analogRead(A0) * (5.0 / 1024); }
unsigned long readPulses() { return pulses; }
void resetPulses() { pulses = 0; }
void setOutput(long on) { digitalWrite(7, on); }

void setup() {
  pinMode(2, INPUT_PULLUP);
  pinMode(7, OUTPUT);
  device.sampleEvery(200);
  device.channel(F("level"), F("V"), gateway::kU16, 5.0 / 1024, readLevel);
  device.channel(F("pulses"), F("-"), gateway::kU32, 1, readPulses);
  device.command(F("reset_pulses"), resetPulses);
  device.command(F("output"), setOutput).argument(F("on"), gateway::kBool);
  device.beginI2C(0x14);
  device.beginSerial(Serial, 115200);
}

void loop() {
  const bool high = digitalRead(2);
  if (high && !wasHigh) pulses++;
  wasHigh = high;
  device.run();
}

// The smallest board: one quantity, one output, found by the gateway on I2C address 0x12.
#include <GatewayDevice.h>

GatewayDevice device("hello");

int readLight() { return analogRead(A0); }
void setLamp(long on) { digitalWrite(LED_BUILTIN, on); }

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
  device.channel(F("light"), F("-"), 1, readLight);
  device.command(F("lamp"), setLamp).argument(F("on"), gateway::kBool);
  device.beginI2C(0x12);
}

void loop() { device.run(); }

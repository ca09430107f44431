// A greenhouse: two analogue sensors, a door contact, a fan on a PWM pin, a relay and a vent motor
// that takes seconds. Everything is switched off when no frame has come from the gateway for 30 s.
//
//   A0  temperature, LM35 (10 mV a degree)      5  fan (PWM)
//   A1  humidity, HIH-4000                      7  relay of the heater
//   2   door contact to ground                  8  vent motor
#include <GatewayDevice.h>

const uint8_t kTemperaturePin = A0;
const uint8_t kHumidityPin = A1;
const uint8_t kDoorPin = 2;
const uint8_t kFanPin = 5;
const uint8_t kHeaterPin = 7;
const uint8_t kVentPin = 8;
const uint32_t kVentTimeMs = 2000;
const int kUnplugged = 1000; // of 1023: a sensor input that nothing pulls down

GatewayDevice device("greenhouse");

bool ventMoving = false;
uint32_t ventStartedMs = 0;
uint16_t ventToken = 0;

float readTemperature() {
  const int raw = analogRead(kTemperaturePin);
  return raw >= kUnplugged ? NAN : raw * (500.0 / 1024);
}

float readHumidity() {
  const int raw = analogRead(kHumidityPin);
  return raw >= kUnplugged ? NAN : (raw / 1024.0 - 0.16) / 0.0062;
}

bool readDoor() { return digitalRead(kDoorPin) == HIGH; }

void setFan(long speed) { analogWrite(kFanPin, speed); }

// Heating with the door open is refused.
gateway::Outcome setHeater(long on) {
  if (on && readDoor()) return gateway::kRefused;
  digitalWrite(kHeaterPin, on);
  return gateway::kDone;
}

// The motor runs for two seconds: the command is accepted now and finished in loop().
gateway::Outcome openVent(const gateway::Arguments& arguments) {
  if (ventMoving) return gateway::kRefused;
  ventMoving = true;
  ventStartedMs = millis();
  ventToken = arguments.token();
  digitalWrite(kVentPin, HIGH);
  return gateway::kAccepted;
}

void stopVent(gateway::Outcome outcome) {
  digitalWrite(kVentPin, LOW);
  if (ventMoving) device.finish(ventToken, outcome);
  ventMoving = false;
}

void allOff() {
  analogWrite(kFanPin, 0);
  digitalWrite(kHeaterPin, LOW);
  stopVent(gateway::kFailed);
}

void setup() {
  pinMode(kDoorPin, INPUT_PULLUP);
  pinMode(kHeaterPin, OUTPUT);
  pinMode(kVentPin, OUTPUT);
  device.firmware(F("1.0.0"));
  device.channel(F("temperature"), F("Cel"), 0.01, readTemperature);
  device.channel(F("humidity"), F("%RH"), gateway::kU8, 0.5, readHumidity);
  device.channel(F("door"), F("-"), 1, readDoor);
  device.command(F("fan"), setFan).argument(F("speed"), 0, 255);
  device.command(F("heater"), setHeater).argument(F("on"), gateway::kBool);
  device.command(F("open_vent"), openVent);
  device.safeState(30000, allOff);
  device.beginI2C(0x13);
  device.watchdog();
}

void loop() {
  device.run();
  if (ventMoving && millis() - ventStartedMs >= kVentTimeMs) stopVent(gateway::kDone);
}

// The firmware under test: both wires, every value type, every way a command can end, and the
// faults that a sketch can have.
#include <GatewayDevice.h>

#ifndef I2C_ADDRESS
#define I2C_ADDRESS 0x12
#endif
#ifndef BAUD_RATE
#define BAUD_RATE 115200
#endif
#ifndef KEEPALIVE_MS
#define KEEPALIVE_MS 0
#endif
#ifndef ARGUMENT_ROOM
#define ARGUMENT_ROOM 5
#endif

const uint8_t kLampPin = 7;
const uint8_t kFanPin = 5;
const uint8_t kSafePin = 8; // each entry into the safe state toggles it
const uint8_t kDoorPin = 4;
const uint32_t kSlowMs = 300;

GatewayDeviceOf<5, 7, ARGUMENT_ROOM, 160> device("testnode");

long calls = 0;
uint32_t slowSinceMs = 0;
uint16_t slowToken = 0;
bool slowRunning = false;

float readVoltage() { return analogRead(A0) * (5.0 / 1024); }
int readRaw() { return analogRead(A1); }
long readCalls() { return calls; }
float readBroken() { return NAN; }
bool readDoor() { return digitalRead(kDoorPin); }

gateway::Outcome setLamp(long on) {
  calls++;
  digitalWrite(kLampPin, on);
  return gateway::kDone;
}

void setFan(long speed) {
  calls++;
  analogWrite(kFanPin, speed);
}

gateway::Outcome end(long how) { return static_cast<gateway::Outcome>(how); }

gateway::Outcome slow(const gateway::Arguments& arguments) {
  if (slowRunning) return gateway::kRefused;
  calls++;
  slowRunning = true;
  slowSinceMs = millis();
  slowToken = arguments.token();
  return gateway::kAccepted;
}

// Stops the main loop: 0 with interrupts alive, 1 without.
void hang(long interruptsOff) {
  if (interruptsOff) noInterrupts();
  for (;;) {
  }
}

void hold(long ms) { delay(ms); }
void say() { Serial.println(F("a line of the sketch's own")); }

void allOff() {
  digitalWrite(kLampPin, LOW);
  digitalWrite(kSafePin, !digitalRead(kSafePin));
}

void setup() {
  pinMode(kLampPin, OUTPUT);
  pinMode(kSafePin, OUTPUT);
  device.firmware("1.2.3");
  device.sampleEvery(50);
  device.channel(F("voltage"), F("V"), 0.001, readVoltage);
  device.channel(F("raw"), F("-"), gateway::kU16, 1, readRaw);
  device.channel(F("calls"), F("-"), gateway::kI32, 1, readCalls);
  device.channel(F("broken"), F("%RH"), gateway::kU8, 0.5, readBroken);
  device.channel(F("door"), F("-"), 1, readDoor);
  device.command(F("lamp"), setLamp).argument(F("on"), gateway::kBool);
  device.command(F("fan"), setFan).argument(F("speed"), 0, 200);
  device.command(F("end"), end).argument(F("how"), 0, 5);
  device.command(F("slow"), slow);
  device.command(F("hang"), hang).argument(F("interrupts_off"), gateway::kBool);
  device.command(F("hold"), hold).argument(F("ms"), gateway::kU16);
  device.command(F("say"), say);
  if (KEEPALIVE_MS > 0) device.safeState(KEEPALIVE_MS, allOff);
  device.beginI2C(I2C_ADDRESS);
  device.beginSerial(Serial, BAUD_RATE);
#ifdef WATCHDOG
  device.watchdog();
#endif
}

void loop() {
  device.run();
  if (slowRunning && millis() - slowSinceMs >= kSlowMs) {
    slowRunning = false;
    device.finish(slowToken, gateway::kDone);
  }
}

// I2C slaves as tutorials write them, without the library. KIND chooses one; each is at address 0x04.
#include <Wire.h>

#ifndef KIND
#define KIND 1
#endif

#define IGNORES_THE_NUMBER 1
#define ANSWERS_LATE 2
#define SLOW_LOOP 3
#define CLEARS 4
#define TEXT_ANSWERS 5
#define ONE_BYTE 6

static volatile uint8_t number;

static const uint16_t kWords[] = {1111, 5555, 9999};

// The word of registers 0x00, 0x10 and 0x20, the high byte first.
static void wordAt(uint8_t at, uint8_t *to) {
  const uint16_t word = kWords[(at >> 4) % 3];
  to[0] = word >> 8;
  to[1] = word & 0xFF;
}

#if KIND == IGNORES_THE_NUMBER

struct Packet {
  float t;
  uint8_t h;
  uint8_t padding;
  int16_t rpm;
} __attribute__((packed));

static Packet packet = {21.5f, 45, 0, -1200};

static void receive(int) {
  while (Wire.available()) Wire.read();
}

static void request() { Wire.write(reinterpret_cast<uint8_t *>(&packet), sizeof packet); }

void loop() {}

#elif KIND == ANSWERS_LATE || KIND == SLOW_LOOP

static volatile bool used = true;
static uint8_t answer[2];

static void receive(int) {
  while (Wire.available()) number = Wire.read();
}

static void request() {
  Wire.write(answer, sizeof answer);
  used = true;
}

#if KIND == ANSWERS_LATE
// The next answer is prepared when the last one was sent, for the number that was written then.
void loop() {
  if (!used) return;
  used = false;
  noInterrupts();
  wordAt(number, answer);
  interrupts();
}
#else
void loop() {
  noInterrupts();
  wordAt(number, answer);
  interrupts();
  delay(4);
}
#endif

#elif KIND == CLEARS

static volatile uint16_t pulses;

static void count() { pulses++; }

static void receive(int) {
  while (Wire.available()) number = Wire.read();
}

static void request() {
  if (number == 0) {
    const uint8_t sent[] = {static_cast<uint8_t>(pulses >> 8), static_cast<uint8_t>(pulses)};
    Wire.write(sent, sizeof sent);
    pulses = 0;
  } else {
    const uint8_t sent[] = {0x12, 0x34};
    Wire.write(sent, sizeof sent);
  }
}

void loop() {}

#elif KIND == TEXT_ANSWERS

static void receive(int) {
  while (Wire.available()) number = Wire.read();
}

static void request() {
  if (number == 'T') Wire.write("21.50 C");
  if (number == 'H') Wire.write("45");
  if (number == 'S') Wire.write("RUN");
}

void loop() {}

#elif KIND == ONE_BYTE

// A clock in decimal digits, and -1.5 degrees as fixed point with 8 bits behind the point.
static const uint8_t kRegisters[] = {0x20, 0x26, 0x59, 0x00, 0xFE, 0x80};

static void receive(int) {
  while (Wire.available()) number = Wire.read();
}

static void request() { Wire.write(number < sizeof kRegisters ? kRegisters[number] : 0); }

void loop() {}

#endif

void setup() {
#if KIND == CLEARS
  pinMode(2, INPUT);
  attachInterrupt(digitalPinToInterrupt(2), count, RISING);
#endif
  (void)wordAt;
  Wire.begin(0x04);
  Wire.onReceive(receive);
  Wire.onRequest(request);
}

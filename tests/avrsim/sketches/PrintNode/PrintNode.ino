// An existing sketch without the library: it prints a number ten times a second.
#ifndef VALUE
#define VALUE 1
#endif

void setup() { Serial.begin(9600); }

void loop() {
  Serial.print(F("{\"t\": "));
  Serial.print(VALUE);
  Serial.println(F("}"));
  delay(100);
}

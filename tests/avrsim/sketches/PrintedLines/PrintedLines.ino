// Sketches as they are found: the forms in which they print, one after the other. A letter that is
// sent chooses the form; 'r' prints the banner once more. Each form tells 23.10 degrees and 45.20 %.
const uint32_t kEveryMs = 100;

char form = 'a';
uint32_t printedMs = 0;

void banner() {
  for (int line = 0; line < 12; line++) {
    Serial.print(F("Setting "));
    Serial.print(line);
    Serial.print(F(": value "));
    Serial.println(line);
  }
}

void printJson(float t, float h) {
  Serial.print(F("{\"t\":"));
  Serial.print(t);
  Serial.print(F(",\"h\":"));
  Serial.print(h);
  Serial.println('}');
}

void padded(const __FlashStringHelper *name, float value) {
  char text[12];
  dtostrf(value, 9, 2, text);
  Serial.print(name);
  Serial.print(text);
}

void printForm(float t, float h) {
  switch (form) {
  case 'a':
    printJson(t, h);
    break;
  case 'b': // a sensor that fails: nan, and a sum that is too large
    printJson(NAN, h);
    break;
  case 'c': // a degree sign as one byte
    Serial.print(F("Humidity: "));
    Serial.print(h);
    Serial.print(F("%  Temperature: "));
    Serial.print(t);
    Serial.print((char)176);
    Serial.println('C');
    break;
  case 'd': // padded with blanks
    padded(F("t="), t);
    padded(F(" h="), h);
    Serial.println(F("   "));
    break;
  case 'e': // tabs, the first cell empty
    Serial.print('\t');
    Serial.print(t);
    Serial.print('\t');
    Serial.println(h);
    break;
  case 'f': // one value a line, a blank line behind them
    Serial.print(F("Temperature = "));
    Serial.print(t);
    Serial.println(F(" *C"));
    Serial.print(F("Humidity = "));
    Serial.print(h);
    Serial.println(F(" %"));
    Serial.println();
    break;
  case 'g': // a marker at both ends
    Serial.print(F("$,"));
    Serial.print(t);
    Serial.print(',');
    Serial.print(h);
    Serial.println(F(",#"));
    break;
  case 'h': // JSON over several lines
    Serial.println(F("{\n  \"t\": 23.10,\n  \"h\": 45.20\n}"));
    break;
  case 'i': // a float that does not fit
    Serial.print(F("t="));
    Serial.print(5e9);
    Serial.print(F(" h="));
    Serial.println(h);
    break;
  }
}

void setup() {
  Serial.begin(115200);
  banner();
}

void loop() {
  if (Serial.available()) {
    char asked = Serial.read();
    if (asked == 'r')
      banner();
    else if (asked >= 'a' && asked <= 'i')
      form = asked;
  }
  if (millis() - printedMs < kEveryMs)
    return;
  printedMs = millis();
  printForm(23.10, 45.20);
}

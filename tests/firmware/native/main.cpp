// Runs the tests of the library's pure C++ on the PC:  native FRAMES_JSON
#include <exception>

#include "check.h"
#include "vectors.h"

static int failures = 0;
static const char* running = "";

std::vector<Test>& allTests() {
  static std::vector<Test> tests;
  return tests;
}

void report(const char* file, int line, const std::string& what) {
  if (failures++ < 50) printf("%s:%d: %s: %s\n", file, line, running, what.c_str());
}

static Json& loaded() {
  static Json document;
  return document;
}

const Json& vectors() { return loaded(); }

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: native FRAMES_JSON\n");
    return 2;
  }
  try {
    loaded() = Json::readFile(argv[1]);
    for (const Test& test : allTests()) {
      running = test.name;
      test.body();
    }
  } catch (const std::exception& error) {
    report("main.cpp", 0, error.what());
  }
  printf("%zu tests, %d failures\n", allTests().size(), failures);
  return failures ? 1 : 0;
}

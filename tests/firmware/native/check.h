// A few lines in place of a test framework: checks that go on after a failure, and a count.
#pragma once
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

struct Test {
  const char* name;
  std::function<void()> body;
};

std::vector<Test>& allTests();
void report(const char* file, int line, const std::string& what);

struct Registration {
  Registration(const char* name, std::function<void()> body) { allTests().push_back({name, body}); }
};

#define TEST(name)                                     \
  static void name();                                  \
  static const Registration registered_##name(#name, name); \
  static void name()

#define CHECK(condition)                               \
  do {                                                 \
    if (!(condition)) report(__FILE__, __LINE__, #condition); \
  } while (0)

#define CHECK_SAME(actual, expected)                   \
  do {                                                 \
    const auto a_ = (actual);                          \
    const auto e_ = (expected);                        \
    if (!(a_ == e_)) report(__FILE__, __LINE__, show(a_) + " is not " + show(e_)); \
  } while (0)

inline std::string show(const std::string& text) { return "\"" + text + "\""; }
inline std::string show(const char* text) { return show(std::string(text)); }
template <typename Number>
std::string show(Number value) {
  return std::to_string(value);
}

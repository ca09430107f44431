// Just enough JSON to read frames.json.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

class Json {
 public:
  static Json parse(const std::string& text);
  static Json readFile(const std::string& path);

  const std::string& text() const { return text_; }
  long long number() const { return number_; }
  const std::vector<Json>& items() const { return items_; }
  bool has(const std::string& name) const { return members_.count(name) > 0; }
  const Json& operator[](const std::string& name) const { return members_.at(name); }
  std::vector<uint8_t> bytes() const; // of a text in hexadecimal

 private:
  static Json read(const std::string& text, size_t& at);
  static std::string readText(const std::string& text, size_t& at);

  std::string text_;
  long long number_ = 0;
  std::vector<Json> items_;
  std::map<std::string, Json> members_;
};

std::string hex(const uint8_t* bytes, size_t count);

#include "json.h"

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

static char skipSpace(const std::string& text, size_t& at) {
  while (at < text.size() && isspace(static_cast<unsigned char>(text[at]))) at++;
  if (at == text.size()) throw std::runtime_error("JSON ends too early");
  return text[at];
}

std::string Json::readText(const std::string& text, size_t& at) {
  std::string out;
  for (at++; text.at(at) != '"'; at++) {
    if (text[at] != '\\') {
      out += text[at];
    } else if (text.at(++at) == 'n') {
      out += '\n';
    } else if (text[at] == '"' || text[at] == '\\') {
      out += text[at];
    } else {
      throw std::runtime_error("an escape that this reader does not know");
    }
  }
  at++;
  return out;
}

Json Json::read(const std::string& text, size_t& at) {
  Json value;
  const char first = skipSpace(text, at);
  if (first == '"') {
    value.text_ = readText(text, at);
  } else if (first == '{' || first == '[') {
    const char end = first == '{' ? '}' : ']';
    at++;
    while (skipSpace(text, at) != end) {
      std::string name;
      if (first == '{') {
        name = readText(text, at);
        if (skipSpace(text, at) != ':') throw std::runtime_error("no colon in an object");
        at++;
      }
      Json item = read(text, at);
      if (first == '{') {
        value.members_[name] = item;
      } else {
        value.items_.push_back(item);
      }
      if (skipSpace(text, at) == ',') at++;
    }
    at++;
  } else {
    char* end = nullptr;
    value.number_ = strtoll(text.c_str() + at, &end, 10);
    if (end == text.c_str() + at) throw std::runtime_error("not JSON as it is used here");
    at = end - text.c_str();
  }
  return value;
}

Json Json::parse(const std::string& text) {
  size_t at = 0;
  return read(text, at);
}

Json Json::readFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  return parse(text.str());
}

std::vector<uint8_t> Json::bytes() const {
  std::vector<uint8_t> out;
  for (size_t i = 0; i + 1 < text_.size(); i += 2) {
    out.push_back(static_cast<uint8_t>(std::stoi(text_.substr(i, 2), nullptr, 16)));
  }
  return out;
}

std::string hex(const uint8_t* bytes, size_t count) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < count; i++) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

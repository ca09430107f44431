// A wire between board and gateway, served from loop().
#pragma once
#include <stdint.h>

namespace gateway {

class Core;

class Transport {
 public:
  virtual void run(Core& core, uint32_t nowMs) = 0;

  Transport* next = nullptr; // the board's other transports
  bool started = false;
};

} // namespace gateway

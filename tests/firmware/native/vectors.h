// The golden frames.
#pragma once
#include "json.h"

const Json& vectors();

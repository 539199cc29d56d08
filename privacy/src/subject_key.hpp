// A subject's key, open, in memory.
#pragma once

#include "secret_key.hpp"

#include <cstdint>

namespace eventloom {

struct SubjectKey {
    std::uint32_t version = 0; // greater than 1: the subject was forgotten before
    SecretKey key;
};

} // namespace eventloom

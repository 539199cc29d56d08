// The door by which clang's fuzzer comes in: FUZZ_TARGET names the function.
#include "targets.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    eventloom::fuzz::FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}

#include "terminal/last_words.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr std::size_t little_memory = 64u << 10;

constexpr std::string_view no_memory = "ran and found no memory left, so it ended; everything that was acknowledged is "
                                       "there; give it more (`ulimit -v`, the "
                                       "container's limit), then run it again\n";

[[noreturn]] void end(std::string_view words)
{
    // One thread says it; others that find the same wait for the end.
    static std::atomic_flag is_said;
    while (is_said.test_and_set()) ::pause();
    // Neither memory nor locks: whatever was going on is left as a kill would leave it.
    static_cast<void>(!::write(STDERR_FILENO, words.data(), words.size()));
    std::_Exit(1);
}

// Unwinding would run through tasks and locks of others that go on meanwhile, and would need memory itself.
void memory_is_used_up()
{
    void* const little = std::malloc(little_memory);
    if (little == nullptr) end(no_memory);
    std::free(little);
    throw std::bad_alloc{};
}

[[noreturn]] void end_for(const char* found)
{
    char words[512];
    const int length =
        std::snprintf(words, sizeof words,
                      "ran and found that %.300s, so it ended; everything that was acknowledged is there; "
                      "run it again\n",
                      found);
    end({words, static_cast<std::size_t>(length > 0 ? length : 0)});
}

[[noreturn]] void nobody_has_caught()
{
    if (std::current_exception() == nullptr) std::abort(); // a programmer's error: a core file says more
    try {
        throw;
    } catch (const std::bad_alloc&) {
        end(no_memory);
    } catch (const std::exception& thrown) {
        end_for(thrown.what());
    } catch (...) {
        end_for("something was thrown that is not a std::exception");
    }
}

} // namespace

void end_with_last_words()
{
    std::set_new_handler(memory_is_used_up);
    std::set_terminate(nobody_has_caught);
}

} // namespace eventloom

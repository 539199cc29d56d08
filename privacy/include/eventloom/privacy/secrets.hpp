// What keys need of the machine beyond a Runtime: numbers that nobody can guess, and files that nobody else may read.
//
//     Secrets& secrets = system_secrets();
//     secrets.draw(bytes);
//     BOOST_OUTCOME_TRY(secrets.create("var/shop/keys/master.key", text));
//
// Tests have one that draws from a seed and keeps its files on the simulated disk. Threads: any.
#pragma once

#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace eventloom {

class Secrets {
public:
    virtual ~Secrets() = default;

    virtual void draw(std::span<std::uint8_t> bytes) = 0;

    // The content of a small file that only its owner may read; nothing when there is none.
    // Failure::invalid "secret-file-exposed": others may read or write it, or it is a link. Failure::storage "secret-file-unreadable".
    virtual result<std::optional<std::string>> read(const std::string& path) = 0;

    // Makes such a file, durable and whole when this returns; whatever dies meanwhile, there is no half of it.
    // Failure::invalid "secret-file-exists"; Failure::storage "secret-file-not-made".
    virtual result<void> create(const std::string& path, std::string_view content) = 0;
};

// Of the system: its random numbers, files of mode 0600.
Secrets& system_secrets();

} // namespace eventloom

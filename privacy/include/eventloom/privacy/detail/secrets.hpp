// What keys need of the system beside a Runtime: secure random numbers, and files that only their owner may read.
//
//     Secrets& secrets = system_secrets();
//     secrets.draw(bytes);
//     BOOST_OUTCOME_TRY(secrets.create("var/shop/keys/master.key", text));
//
// Tests use one with a seed and with files on the simulated disk. Threads: any.
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

    // Makes such a file. It is durable and complete when this returns; a crash leaves either the whole file or none.
    // Failure::invalid "secret-file-exists"; Failure::storage "secret-file-not-made".
    virtual result<void> create(const std::string& path, std::string_view content) = 0;
};

// Those of the operating system: its random numbers, and files of mode 0600.
Secrets& system_secrets();

} // namespace eventloom

// The bytes of the store of personal keys: docs/format.md, "Personal keys".
//
//     database.get(key_records::of_key("customer-17850"));
//     const auto mark = key_records::ErasureMark::read(*stored);       // nothing: not what was written
//
// Threads: pure functions.
#pragma once

#include "secret_key.hpp"

#include <eventloom/framework/runtime.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom::key_records {

inline constexpr std::string_view about_format = "aformat";
inline constexpr std::string_view about_master = "amaster";
inline constexpr std::string_view about_rekey  = "arekey";
inline constexpr std::string_view keys         = "k";
inline constexpr std::string_view erasures     = "x";
inline constexpr std::string_view after_all    = "z";

std::string of_key(std::string_view subject);
std::string of_erasure(std::string_view subject);

// A subject's key, wrapped by a master key.
struct WrappedKey {
    Fingerprint master{};
    std::uint32_t version = 0;
    Time made_at;
    std::string sealed;

    std::string bytes() const;
    static std::optional<WrappedKey> read(std::string_view bytes);
};

WrappedKey wrap(const SecretKey& key, std::string_view subject, std::uint32_t version, Time made_at,
                const SecretKey& master, const Nonce& nonce);
std::optional<SecretKey> unwrap(const WrappedKey& wrapped, std::string_view subject, const SecretKey& master);

struct ErasureMark {
    std::uint32_t versions = 0; // all up to this one
    Time erased_at;
    bool is_complete = false;

    std::string bytes() const;
    static std::optional<ErasureMark> read(std::string_view bytes);
};

struct MasterNote {
    Fingerprint master{};

    std::string bytes() const;
    static std::optional<MasterNote> read(std::string_view bytes);
};

// Two master keys while every key goes from one to the other: each opens the other one here.
struct RekeyNote {
    Fingerprint next{};
    std::string old_under_next;
    std::string next_under_old;

    std::string bytes() const;
    static std::optional<RekeyNote> read(std::string_view bytes);
};

} // namespace eventloom::key_records

// A secret key, and what it does: authenticated encryption with XChaCha20-Poly1305 of libsodium. Without the key nobody can read
// the sealed bytes, and a change of them is noticed.
//
//     const auto sealed = key.seal(nonce, beside, text);
//     const auto opened = key.open(beside, sealed);        // nothing: the key, the bytes or `beside` are not the same
//
// `beside` is the associated data: it says what the bytes belong to. It is not stored. Threads: values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace eventloom {

inline constexpr std::size_t nonce_bytes = 24;
// By how much what is sealed is longer: the nonce and the tag.
inline constexpr std::size_t sealed_by = nonce_bytes + 16;

using Nonce       = std::array<std::uint8_t, nonce_bytes>;
using Fingerprint = std::array<std::uint8_t, 16>;

// 32 bytes that are wiped when they go.
class SecretKey {
public:
    SecretKey() = default;
    ~SecretKey();
    SecretKey(const SecretKey&)            = default;
    SecretKey& operator=(const SecretKey&) = default;

    static constexpr std::size_t size = 32;
    static std::optional<SecretKey> of(std::string_view bytes);
    std::span<std::uint8_t> bytes() { return bytes_; }
    std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

    // Nonce, cipher text and tag.
    std::string seal(const Nonce& nonce, std::string_view beside, std::string_view text) const;
    std::optional<std::string> open(std::string_view beside, std::string_view sealed) const;

    // A nonce that depends on what is sealed, and on where. The same gives the same bytes again; two that are not the same have
    // the same nonce once in 2^96 times, however many there are.
    Nonce nonce_for(std::string_view beside, std::string_view text) const;

    // Tells two keys apart, and nothing of them.
    Fingerprint fingerprint() const;

private:
    SecretKey derived(std::uint64_t number) const;

    std::array<std::uint8_t, size> bytes_{};
};

void draw_randomness(std::span<std::uint8_t> bytes);
void wipe(std::string& secret);

} // namespace eventloom

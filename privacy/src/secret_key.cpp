#include "secret_key.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <sodium.h>

#include <algorithm>

namespace eventloom {

namespace {

static_assert(nonce_bytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(sealed_by == nonce_bytes + crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(SecretKey::size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(SecretKey::size == crypto_kdf_KEYBYTES);

constexpr char context[crypto_kdf_CONTEXTBYTES + 1] = "evntloom";
constexpr std::uint64_t for_sealing                 = 1; // each use of a key has a key of its own
constexpr std::uint64_t for_nonces                  = 2;
constexpr std::uint64_t for_fingerprints            = 3;

void begin()
{
    static const bool ready = sodium_init() >= 0;
    ensure(ready, "libsodium finds no source of randomness");
}

const unsigned char* bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text)
{
    return reinterpret_cast<unsigned char*>(text.data());
}

} // namespace

SecretKey::~SecretKey()
{
    sodium_memzero(bytes_.data(), bytes_.size());
}

std::optional<SecretKey> SecretKey::of(std::string_view bytes)
{
    if (bytes.size() != size) return std::nullopt;
    SecretKey key;
    std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
    return key;
}

SecretKey SecretKey::derived(std::uint64_t number) const
{
    begin();
    SecretKey key;
    crypto_kdf_derive_from_key(key.bytes_.data(), key.bytes_.size(), number, context, bytes_.data());
    return key;
}

std::string SecretKey::seal(const Nonce& nonce, std::string_view beside, std::string_view text) const
{
    const SecretKey key = derived(for_sealing);
    std::string sealed(sealed_by + text.size(), '\0');
    std::copy(nonce.begin(), nonce.end(), sealed.begin());
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed) + nonce_bytes, nullptr, bytes_of(text), text.size(),
                                               bytes_of(beside), beside.size(), nullptr, nonce.data(),
                                               key.bytes_.data());
    return sealed;
}

std::optional<std::string> SecretKey::open(std::string_view beside, std::string_view sealed) const
{
    if (sealed.size() < sealed_by) return std::nullopt;
    const SecretKey key = derived(for_sealing);
    std::string text(sealed.size() - sealed_by, '\0');
    const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
        bytes_of(text), nullptr, nullptr, bytes_of(sealed) + nonce_bytes, sealed.size() - nonce_bytes, bytes_of(beside),
        beside.size(), bytes_of(sealed), key.bytes_.data());
    if (opened != 0) return std::nullopt;
    return text;
}

Nonce SecretKey::nonce_for(std::string_view beside, std::string_view text) const
{
    const SecretKey key        = derived(for_nonces);
    const std::uint64_t length = beside.size(); // so that no end of one can be taken for the beginning of the other
    crypto_generichash_state state;
    crypto_generichash_init(&state, key.bytes_.data(), key.bytes_.size(), nonce_bytes);
    for (int shift = 0; shift < 64; shift += 8) {
        const auto byte = static_cast<unsigned char>(length >> shift);
        crypto_generichash_update(&state, &byte, 1);
    }
    crypto_generichash_update(&state, bytes_of(beside), beside.size());
    crypto_generichash_update(&state, bytes_of(text), text.size());
    Nonce nonce;
    crypto_generichash_final(&state, nonce.data(), nonce.size());
    sodium_memzero(&state, sizeof state);
    return nonce;
}

Fingerprint SecretKey::fingerprint() const
{
    const SecretKey key = derived(for_fingerprints);
    Fingerprint print;
    crypto_generichash(print.data(), print.size(), nullptr, 0, key.bytes_.data(), key.bytes_.size());
    return print;
}

void draw_randomness(std::span<std::uint8_t> bytes)
{
    begin();
    randombytes_buf(bytes.data(), bytes.size());
}

void wipe(std::string& secret)
{
    sodium_memzero(secret.data(), secret.size());
}

} // namespace eventloom

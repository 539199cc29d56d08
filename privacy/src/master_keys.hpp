// The master key that encrypts the others; two of them during a rekey.
//
//     BOOST_OUTCOME_TRY(const auto masters, MasterKeys::load(database, secrets, "var/shop/keys/master.key"));
//     masters->for_wrapping();
//
// Threads: a value that does not change.
#pragma once

#include "key_records.hpp"

#include <eventloom/framework/result.hpp>
#include <eventloom/privacy/detail/secrets.hpp>
#include <eventloom/storage/database.hpp>

#include <optional>
#include <string>

namespace eventloom {

class MasterKeys {
public:
    // Of the keys in this database; made with it when `make` and there are no keys yet. Whichever of two is in the file, both
    // are found.  Failure::invalid "master-key-missing", "master-key-wrong", "damaged-master-key", and what Secrets says.
    static result<MasterKeys> load(Database& database, Secrets& secrets, const std::string& file, bool make);

    // Reads a master key from a file, or makes one there.
    static result<SecretKey> read_or_make(Secrets& secrets, const std::string& file);

    MasterKeys(SecretKey now, std::optional<SecretKey> next);

    const SecretKey& now() const { return now_; }
    const std::optional<SecretKey>& next() const { return next_; }
    const SecretKey& for_wrapping() const { return next_ ? *next_ : now_; }
    // nullptr: another master key has encrypted it.
    const SecretKey* of(const Fingerprint& print) const;

    static key_records::RekeyNote note_of(const SecretKey& old, const SecretKey& next, Secrets& secrets);

private:
    SecretKey now_;
    std::optional<SecretKey> next_;
    Fingerprint now_print_;
    Fingerprint next_print_{};
};

// 32 hexadecimal digits.
std::string text_of(const Fingerprint& print);

Nonce drawn_nonce(Secrets& secrets);

} // namespace eventloom

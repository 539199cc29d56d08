// Secrets that a seed gives, in files of a runtime's disk: two runs with one seed make the same keys.
#pragma once

#include <eventloom/privacy/detail/secrets.hpp>
#include <eventloom/storage/database.hpp>

#include <leveldb/env.h>

#include <random>

namespace eventloom::testing {

class SimulatedSecrets final : public Secrets {
public:
    SimulatedSecrets(const Runtime& runtime, std::uint64_t seed) : runtime_{runtime}, random_{seed} {}

    void draw(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    }
    result<std::optional<std::string>> read(const std::string& path) override { return read_file(runtime_, path); }
    result<void> create(const std::string& path, std::string_view content) override
    {
        if (runtime_.files.FileExists(path)) return fail(Failure::invalid, "secret-file-exists", "There is one.");
        return replace_file(runtime_, path, content);
    }

private:
    const Runtime runtime_;
    std::mt19937_64 random_;
};

} // namespace eventloom::testing

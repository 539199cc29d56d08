// A temporary directory, open only to its user. The destructor removes it with everything in it.
//
//     BOOST_OUTCOME_TRY(const auto scratch, ScratchDirectory::make({}));   // among the system's temporary files
//
// Threads: one.
#pragma once

#include <eventloom/framework/result.hpp>

#include <memory>
#include <string>

namespace eventloom {

class ScratchDirectory {
public:
    // Failure::storage  "no-scratch-directory".
    static result<std::unique_ptr<ScratchDirectory>> make(std::string parent);
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&)            = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    const std::string& path() const { return path_; }

private:
    explicit ScratchDirectory(std::string path) : path_{std::move(path)} {}
    const std::string path_;
};

} // namespace eventloom

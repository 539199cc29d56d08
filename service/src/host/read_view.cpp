#include "host/read_view.hpp"

#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/storage/database_files.hpp>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace eventloom {

namespace {

namespace fs = std::filesystem;

bool never_changes(const EngineKind& engine, const fs::path& file)
{
    return use_of_file(file.filename().string()) == FileUse::never_changes || engine.never_changes(file.string());
}

// Belongs to the process that has the data open.
bool is_of_a_process(const std::string& name)
{
    return use_of_file(name) == FileUse::of_a_process || name.ends_with("-shm") || name.ends_with(".sock");
}

std::error_code show(const EngineKind& engine, const fs::path& file, const fs::path& as)
{
    std::error_code error;
    if (never_changes(engine, file)) {
        fs::create_symlink(fs::absolute(file), as, error);
        return error;
    }
    fs::copy_file(file, as, error);
    if (not error) fs::permissions(as, fs::perms::owner_read | fs::perms::owner_write, error);
    return error;
}

// Tenants have directories of their own, which are opened by themselves.
std::error_code show_all(const EngineKind& engine, const fs::path& from, const fs::path& into)
{
    std::error_code error;
    for (auto at = fs::directory_iterator{from, error}; not error && at != fs::end(at); at.increment(error)) {
        const auto name = at->path().filename();
        const auto as   = into / name;
        if (at->is_directory(error) && name != "tenants") {
            fs::create_directory(as, error);
            if (not error) error = show_all(engine, at->path(), as);
        } else if (at->is_regular_file(error) && not is_of_a_process(name.string())) {
            error = show(engine, at->path(), as);
        }
        if (error) break;
    }
    return error;
}

bool is_closed(const std::string& directory)
{
    return ::faccessat(AT_FDCWD, directory.c_str(), W_OK, AT_EACCESS) != 0 && (errno == EACCES || errno == EROFS);
}

} // namespace

bool can_be_written(const EngineKind& engine, const std::string& data)
{
    return not is_closed(data) && not is_closed(engine.place_of_log(data));
}

result<std::unique_ptr<ScratchDirectory>> make_read_view(const EngineKind& engine, const std::string& data)
{
    BOOST_OUTCOME_TRY(auto view, ScratchDirectory::make({}));
    const auto error = show_all(engine, data, view->path());
    if (not error) return view;
    return fail(Failure::storage, "no-read-view",
                "made a copy in " + view->path() + " of the files that change in " + data +
                    ", which cannot be written itself, and found: " + error.message() +
                    "; set TMPDIR to a directory with free space, and check that all files may be read");
}

} // namespace eventloom

#include "program.hpp"

#include <filesystem>
#include <sys/file.h>

namespace shop::testing {

namespace fs = std::filesystem;

namespace {

// One test at a time, of those that run at once.
class Turn {
public:
    explicit Turn(const std::string& path) : file_{open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)}
    {
        REQUIRE(flock(file_, LOCK_EX) == 0);
    }
    ~Turn() { close(file_); }
    Turn(const Turn&)            = delete;
    Turn& operator=(const Turn&) = delete;

private:
    int file_;
};

} // namespace

void import_sample_into(const TemporaryDirectory& directory)
{
    const std::string kept = SHOP_PROGRAM "-with-sample"; // beside the program, and younger
    const Turn turn{kept + ".turn"};
    if (not fs::exists(kept) || fs::last_write_time(kept) < fs::last_write_time(SHOP_PROGRAM)) {
        for (const auto& old : {kept, kept + ".part"}) fs::remove_all(old);
        const auto imported = run(directory, {"import", sample()});
        INFO(imported.errors);
        REQUIRE(imported.exit_code == 0);
        fs::copy(directory.path() + "/data", kept + ".part", fs::copy_options::recursive);
        fs::rename(kept + ".part", kept);
        fs::last_write_time(kept, fs::file_time_type::clock::now());
        return;
    }
    fs::copy(kept, directory.path() + "/data", fs::copy_options::recursive);
}

} // namespace shop::testing

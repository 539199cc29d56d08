#include "simulated_disk/simulated_disk.hpp"

namespace eventloom::testing {

namespace {

// Whatever stands beneath `from` stands beneath `to`.
template <class Content>
void move_beneath(std::map<std::string, Content>& all, const std::string& from, const std::string& to)
{
    std::map<std::string, Content> moved;
    for (auto next = all.lower_bound(from + "/"); next != all.end() && next->first.starts_with(from + "/");) {
        moved[to + next->first.substr(from.size())] = next->second;
        next                                        = all.erase(next);
    }
    all.merge(moved);
}

} // namespace

void DiskImage::Entry::put_into(Directory& directory) const
{
    if (not file && not renamed_from.empty()) return move_beneath(directory, renamed_from, path);
    if (not renamed_from.empty()) directory.erase(renamed_from);
    if (file) {
        directory[path] = file;
    } else {
        directory.erase(path);
    }
}

void DiskImage::rename_directories(const std::string& from, const std::string& to)
{
    move_beneath(directories, from, to);
    directories.erase(from);
    directories[to] = true;
}

void DiskImage::make_directories_of_files()
{
    for (const auto& [path, file] : seen) {
        for (auto end = path.rfind('/'); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
            directories[path.substr(0, end)] = true;
        }
    }
}

DiskImage DiskImage::copy() const
{
    std::map<const SimulatedFile*, std::shared_ptr<SimulatedFile>> copies;
    const auto copy_of = [&](const std::shared_ptr<SimulatedFile>& file) {
        auto& copied = copies[file.get()];
        if (file && not copied) copied = std::make_shared<SimulatedFile>(*file);
        return copied;
    };
    DiskImage image{*this};
    for (auto& [path, file] : image.seen) file = copy_of(file);
    for (auto& [path, file] : image.kept) file = copy_of(file);
    for (Entry& entry : image.pending) entry.file = copy_of(entry.file);
    return image;
}

} // namespace eventloom::testing

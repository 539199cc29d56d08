#include <eventloom/storage/overlay_files.hpp>

namespace eventloom {

using leveldb::Status;

std::string OverlayFiles::place_of(const std::string& path) const
{
    const std::lock_guard lock{mutex_};
    const auto shown = shown_.find(path);
    return shown == shown_.end() ? path : shown->second;
}

bool OverlayFiles::hide(const std::string& path)
{
    const std::lock_guard lock{mutex_};
    return shown_.erase(path) > 0;
}

Status OverlayFiles::NewSequentialFile(const std::string& path, leveldb::SequentialFile** file)
{
    return target()->NewSequentialFile(place_of(path), file);
}

Status OverlayFiles::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file)
{
    return target()->NewRandomAccessFile(place_of(path), file);
}

Status OverlayFiles::NewWritableFile(const std::string& path, leveldb::WritableFile** file)
{
    hide(path);
    return target()->NewWritableFile(path, file);
}

Status OverlayFiles::NewAppendableFile(const std::string& path, leveldb::WritableFile** file)
{
    if (place_of(path) != path) return Status::NotSupported(path, "it is shown, and never written to");
    return target()->NewAppendableFile(path, file);
}

bool OverlayFiles::FileExists(const std::string& path)
{
    return target()->FileExists(place_of(path));
}

Status OverlayFiles::GetChildren(const std::string& directory, std::vector<std::string>* names)
{
    auto status = target()->GetChildren(directory, names);
    if (not status.ok()) return status;
    const std::lock_guard lock{mutex_};
    for (const auto& [path, file] : shown_) {
        if (not path.starts_with(directory + "/")) continue;
        auto name = path.substr(directory.size() + 1);
        if (name.find('/') == std::string::npos) names->push_back(std::move(name));
    }
    return status;
}

Status OverlayFiles::RemoveFile(const std::string& path)
{
    return hide(path) ? Status::OK() : target()->RemoveFile(path);
}

Status OverlayFiles::GetFileSize(const std::string& path, std::uint64_t* size)
{
    return target()->GetFileSize(place_of(path), size);
}

Status OverlayFiles::RenameFile(const std::string& from, const std::string& to)
{
    if (place_of(from) != from) return Status::NotSupported(from, "it is shown, and never renamed");
    auto status = target()->RenameFile(from, to);
    if (status.ok()) hide(to);
    return status;
}

} // namespace eventloom

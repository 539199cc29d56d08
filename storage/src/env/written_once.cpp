#include <eventloom/storage/written_once.hpp>

#include "env/status.hpp"

#include <fmt/core.h>
#include <leveldb/env.h>

namespace eventloom {

namespace {

std::string until_whole(const std::string& path)
{
    return path + ".new";
}

} // namespace

FileWriter::FileWriter(const Runtime& runtime, std::string path, std::unique_ptr<leveldb::WritableFile> file)
    : runtime_{runtime}, path_{std::move(path)}, file_{std::move(file)}
{
}

FileWriter::~FileWriter()
{
    if (not file_) return;
    file_.reset();
    // A file that stays does no harm: the next writer of the same path begins it again.
    static_cast<void>(runtime_.files.RemoveFile(until_whole(path_)));
}

result<std::unique_ptr<FileWriter>> FileWriter::create(const Runtime& runtime, const std::string& path)
{
    leveldb::WritableFile* opened = nullptr;
    const auto status             = runtime.files.NewWritableFile(until_whole(path), &opened);
    if (not status.ok()) return error_of(status, "write the file " + path);
    return std::unique_ptr<FileWriter>{new FileWriter{runtime, path, std::unique_ptr<leveldb::WritableFile>{opened}}};
}

result<void> FileWriter::append(std::string_view bytes)
{
    auto status = file_->Append({bytes.data(), bytes.size()});
    if (status.ok()) status = file_->Sync();
    if (not status.ok()) return error_of(status, "write the file " + path_);
    is_synced_ = true;
    return done();
}

result<void> FileWriter::add(std::string_view bytes)
{
    is_synced_        = false;
    const auto status = file_->Append({bytes.data(), bytes.size()});
    if (not status.ok()) return error_of(status, "write the file " + path_);
    return done();
}

result<void> FileWriter::finish()
{
    return finish_as(path_);
}

result<void> FileWriter::finish_as(const std::string& path)
{
    auto status = is_synced_ ? leveldb::Status::OK() : file_->Sync();
    if (status.ok()) status = file_->Close();
    if (status.ok()) status = runtime_.files.RenameFile(until_whole(path_), path);
    if (not status.ok()) return error_of(status, "write the file " + path);
    file_.reset();
    return done();
}

FileReader::FileReader(std::string path, std::uint64_t size, std::unique_ptr<leveldb::RandomAccessFile> file)
    : path_{std::move(path)}, size_{size}, file_{std::move(file)}
{
}

FileReader::~FileReader() = default;

result<std::unique_ptr<const FileReader>> FileReader::open(const Runtime& runtime, const std::string& path)
{
    std::uint64_t size                = 0;
    leveldb::RandomAccessFile* opened = nullptr;
    auto status                       = runtime.files.GetFileSize(path, &size);
    if (status.ok()) status = runtime.files.NewRandomAccessFile(path, &opened);
    if (not status.ok()) return error_of(status, "read the file " + path);
    return std::unique_ptr<const FileReader>{
        new FileReader{path, size, std::unique_ptr<leveldb::RandomAccessFile>{opened}}};
}

result<std::string_view> FileReader::read(std::uint64_t offset, std::size_t count, std::string& scratch) const
{
    const auto too_short = [&] {
        return fail(Failure::corrupt, "file-too-short",
                    fmt::format("read {} bytes from byte {} of the file {} and found only {} in it", count, offset,
                                path_, size_));
    };
    if (offset > size_ || count > size_ - offset) return too_short();
    if (scratch.size() < count) scratch.resize(count);
    leveldb::Slice found;
    const auto status = file_->Read(offset, count, &found, scratch.data());
    if (not status.ok()) return error_of(status, "read the file " + path_);
    if (found.size() != count) return too_short();
    return std::string_view{found.data(), found.size()};
}

} // namespace eventloom

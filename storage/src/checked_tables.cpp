#include "checked_tables.hpp"

#include "damage/crc32c.hpp"

#include <fmt/core.h>

#include <memory>

namespace eventloom {

namespace {

constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t footer_bytes   = 48;

class CheckedTable final : public leveldb::RandomAccessFile {
public:
    CheckedTable(std::unique_ptr<leveldb::RandomAccessFile> file, std::string path, std::uint64_t size)
        : file_{std::move(file)}, path_{std::move(path)}, size_{size}
    {
    }

    leveldb::Status Read(std::uint64_t offset, std::size_t count, leveldb::Slice* found, char* scratch) const override
    {
        auto status = file_->Read(offset, count, found, scratch);
        if (not status.ok() || offset + footer_bytes == size_) return status;
        const std::string_view block{found->data(), found->size()};
        if (block.size() != count || count <= checksum_bytes) return damaged(offset);
        const auto checked = block.substr(0, block.size() - checksum_bytes);
        return crc32c(checked) == unmasked_crc32c(block.substr(checked.size())) ? status : damaged(offset);
    }

private:
    leveldb::Status damaged(std::uint64_t offset) const
    {
        return leveldb::Status::Corruption(path_, fmt::format("the block at byte {} is damaged", offset));
    }

    const std::unique_ptr<leveldb::RandomAccessFile> file_;
    const std::string path_;
    const std::uint64_t size_;
};

} // namespace

leveldb::Status CheckedTables::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file)
{
    std::uint64_t size = 0;
    if (auto status = target()->GetFileSize(path, &size); not status.ok()) return status;
    leveldb::RandomAccessFile* opened = nullptr;
    auto status                       = target()->NewRandomAccessFile(path, &opened);
    if (status.ok()) *file = new CheckedTable{std::unique_ptr<leveldb::RandomAccessFile>{opened}, path, size};
    return status;
}

} // namespace eventloom
